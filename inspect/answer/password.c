/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/password.h"

#include "core/cleanup.h"

#include <crypt.h>
#include <sodium.h>

static bool is_equal(const void *a, const void *b, size_t len)
{
	return sodium_memcmp(a, b, len) == 0;
}

static enum login_result result(bool right)
{
	return right ? LOGIN_RIGHT : LOGIN_WRONG;
}

/* ---- $1$SALT$HASH ------------------------------------------------------------------------------- */

static bool only_crypt_letters(struct text text)
{
	static const char letters[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";

	for (size_t i = 0; i < text.len; i++) {
		if (!text.at[i] || !strchr(letters, text.at[i]))
			return false;
	}
	return true;
}

/* Exactly that: crypt() would try whatever else it knows. */
static bool is_md5_crypt(struct text value)
{
	enum { MAX_SALT = 8, HASH = 22 };
	struct text rest, salt;

	if (!text_starts(value, TEXT("$1$")))
		return false;
	rest = text_skip(value, strlen("$1$"));
	return text_cut(&rest, '$', &salt) && salt.len <= MAX_SALT && rest.len == HASH &&
	       only_crypt_letters(salt) && only_crypt_letters(rest);
}

static bool crypt_gives(struct crypt_data *data, struct text value, struct text typed)
{
	char setting[64] = "", phrase[PASSWORD_MAX_TYPED + 1] = "";
	const char *hash;
	bool right;

	memcpy(setting, value.at, value.len);
	memcpy(phrase, typed.at, typed.len);
	hash = crypt_r(phrase, setting, data);
	right = hash && strlen(hash) == value.len && is_equal(hash, value.at, value.len);
	explicit_bzero(phrase, sizeof(phrase));
	return right;
}

static enum login_result check_md5_crypt(struct text value, struct text typed)
{
	struct crypt_data *data;
	bool right;

	if (!is_md5_crypt(value))
		return LOGIN_UNKNOWN_KIND;
	if (text_find(typed, '\0') < typed.len)
		return LOGIN_WRONG;
	data = calloc(1, sizeof(*data));
	right = data && crypt_gives(data, value, typed);
	free(data);
	return result(right);
}

/* ---- grub.pbkdf2.sha512.ROUNDS.SALT.HASH --------------------------------------------------------- */

struct pbkdf2 {
	uint64_t rounds;
	size_t salt_len, hash_len; /* bytes */
	unsigned char salt[PBKDF2_MAX_SALT], hash[PBKDF2_MAX_HASH];
};

static bool read_hex(struct text text, unsigned char *out, size_t room, size_t *len)
{
	const char *end = NULL;

	return text.len && !sodium_hex2bin(out, room, text.at, text.len, NULL, len, &end) &&
	       end == text.at + text.len && *len;
}

static bool read_pbkdf2(struct text value, struct pbkdf2 *ret)
{
	static const char start[] = "grub.pbkdf2.sha512.";
	struct text rounds, salt;

	if (!text_starts(value, TEXT("grub.pbkdf2.sha512.")))
		return false;
	value = text_skip(value, strlen(start));
	if (!text_cut(&value, '.', &rounds) || !text_cut(&value, '.', &salt))
		return false;
	return text_number(rounds, &ret->rounds) && ret->rounds &&
	       ret->rounds <= PBKDF2_MAX_ROUNDS &&
	       read_hex(salt, ret->salt, sizeof(ret->salt), &ret->salt_len) &&
	       read_hex(value, ret->hash, sizeof(ret->hash), &ret->hash_len);
}

/* RFC 8018, 5.2: the first block, which is all there is of one. */
static void derive(const struct pbkdf2 *how, struct text typed, unsigned char out[PBKDF2_MAX_HASH])
{
	static const unsigned char first_block[] = {0, 0, 0, 1};
	crypto_auth_hmacsha512_state keyed, state;
	unsigned char u[crypto_auth_hmacsha512_BYTES];

	crypto_auth_hmacsha512_init(&keyed, (const unsigned char *)typed.at, typed.len);
	state = keyed;
	crypto_auth_hmacsha512_update(&state, how->salt, how->salt_len);
	crypto_auth_hmacsha512_update(&state, first_block, sizeof(first_block));
	crypto_auth_hmacsha512_final(&state, u);
	memcpy(out, u, sizeof(u));
	for (uint64_t round = 1; round < how->rounds; round++) {
		state = keyed;
		crypto_auth_hmacsha512_update(&state, u, sizeof(u));
		crypto_auth_hmacsha512_final(&state, u);
		for (size_t i = 0; i < sizeof(u); i++)
			out[i] ^= u[i];
	}
}
_Static_assert(PBKDF2_MAX_HASH == crypto_auth_hmacsha512_BYTES, "one block");

static enum login_result check_pbkdf2(struct text value, struct text typed)
{
	unsigned char derived[PBKDF2_MAX_HASH];
	struct pbkdf2 how;

	if (!read_pbkdf2(value, &how))
		return LOGIN_UNKNOWN_KIND;
	derive(&how, typed, derived);
	return result(is_equal(derived, how.hash, how.hash_len));
}

/* ---- any ----------------------------------------------------------------------------------------- */

enum login_result password_check(const struct password *password, struct text typed)
{
	struct text value = password->value;

	if (typed.len > PASSWORD_MAX_TYPED)
		return LOGIN_WRONG;
	if (!typed.len)
		typed = TEXT("");
	switch (password->kind) {
	case PASSWORD_PLAIN:
		return result(value.len && value.len == typed.len &&
			      is_equal(value.at, typed.at, typed.len));
	case PASSWORD_MD5_CRYPT:
		return check_md5_crypt(value, typed);
	case PASSWORD_PBKDF2:
		return check_pbkdf2(value, typed);
	case PASSWORD_OTHER:
		break;
	}
	return LOGIN_UNKNOWN_KIND;
}
