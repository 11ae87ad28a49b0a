/* Passwords of boot menus: which kinds are taken, what they cost, what they open. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/login.h"
#include "inspect/answer/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

/* Made by grub-mkpasswd-pbkdf2 -c 1000, and by openssl passwd -1. */
#define PBKDF2_SALT                                                                                \
	"09F6E830E0A076C51848768891253DA8CDE8DFC38D115C004C1612CED190E336339DB9B62B87883E4B72D9DD" \
	"B9163815EE3AF97C45A9973CE8B5799C5053EADC"
#define PBKDF2_HASH                                                                                \
	"C3EB8576740549FED3B970B9F95631C8DD7A83C3E720A5D62D5AD116AA4186ED24F2D967FCD90EC98A10E006" \
	"CDB806D2B0886E2787F1779BF5E1E81A5D34843C"
#define PBKDF2_SECRET "grub.pbkdf2.sha512.1000." PBKDF2_SALT "." PBKDF2_HASH
#define MD5_SECRET    "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1"

static enum login_result check(enum password_kind kind, const char *value, const char *typed)
{
	struct password password = {kind, text_of(value)};

	return password_check(&password, text_of(typed));
}

/* ---- kinds -------------------------------------------------------------------------------------- */

static void takes_the_right_password_of_each_kind(void **state)
{
	(void)state;
	assert_int_equal(check(PASSWORD_PLAIN, "secret", "secret"), LOGIN_RIGHT);
	assert_int_equal(check(PASSWORD_MD5_CRYPT, MD5_SECRET, "secret"), LOGIN_RIGHT);
	assert_int_equal(check(PASSWORD_PBKDF2, PBKDF2_SECRET, "secret"), LOGIN_RIGHT);
}

static void refuses_wrong_passwords(void **state)
{
	static const char *const wrong[] = {"", "Secret", "secre", "secrets", MD5_SECRET};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(check(PASSWORD_PLAIN, "secret", wrong[i]), LOGIN_WRONG);
		assert_int_equal(check(PASSWORD_MD5_CRYPT, MD5_SECRET, wrong[i]), LOGIN_WRONG);
		assert_int_equal(check(PASSWORD_PBKDF2, PBKDF2_SECRET, wrong[i]), LOGIN_WRONG);
	}
	assert_int_equal(check(PASSWORD_PLAIN, "", ""), LOGIN_WRONG);
}

static void a_hash_is_no_password(void **state)
{
	(void)state;
	assert_int_equal(check(PASSWORD_PBKDF2, PBKDF2_SECRET, PBKDF2_SECRET), LOGIN_WRONG);
	/* GRUB 2's `password` is plain text, whatever it looks like. */
	assert_int_equal(check(PASSWORD_PLAIN, MD5_SECRET, "secret"), LOGIN_WRONG);
}

static void refuses_bytes_behind_a_nul(void **state)
{
	struct password password = {PASSWORD_MD5_CRYPT, TEXT(MD5_SECRET)};

	(void)state;
	assert_int_equal(password_check(&password, TEXT("secret\0x")), LOGIN_WRONG);
}

static void refuses_what_is_too_long_to_be_typed(void **state)
{
	static char much[PASSWORD_MAX_TYPED + 1];
	struct password password = {PASSWORD_PLAIN, {much, sizeof(much)}};

	(void)state;
	memset(much, 'x', sizeof(much));
	assert_int_equal(password_check(&password, (struct text){much, sizeof(much)}), LOGIN_WRONG);
}

static void a_short_hash_is_compared_as_far_as_it_goes(void **state)
{
	(void)state;
	assert_int_equal(check(PASSWORD_PBKDF2, "grub.pbkdf2.sha512.1000." PBKDF2_SALT ".c3eb8576",
				 "secret"),
		LOGIN_RIGHT);
}

static void other_kinds_are_told_apart_from_wrong_ones(void **state)
{
	static const char *const crypts[] = {"", "$1$", "$1$abc",
		"$1$abcdefghi$cHJi5PXp/ki/ktXzqlk6I1", "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I",
		"$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6:1", "$6$rounds=20000000$abc$def",
		"$y$jET$abc$def", "abcdefghijklm"};
	static const char *const pbkdf2s[] = {"", "secret", "grub.pbkdf2.sha512", MD5_SECRET,
		"grub.pbkdf2.sha512.10000.AB", "grub.pbkdf2.sha512.10000..CD",
		"grub.pbkdf2.sha512.10000.AB.", "grub.pbkdf2.sha512.0.AB.CD",
		"grub.pbkdf2.sha512.-1.AB.CD", "grub.pbkdf2.sha512.10x.AB.CD",
		"grub.pbkdf2.sha512.10.AB.CD.EF", "grub.pbkdf2.sha512.10.ABC.CD",
		"grub.pbkdf2.sha512.10.AB.XY", "grub.pbkdf2.sha256.10.AB.CD",
		"grub.pbkdf2.sha512.10.AB." PBKDF2_HASH "00",
		"grub.pbkdf2.sha512.10." PBKDF2_SALT "00.CD"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(crypts); i++)
		assert_int_equal(
			check(PASSWORD_MD5_CRYPT, crypts[i], "secret"), LOGIN_UNKNOWN_KIND);
	for (size_t i = 0; i < ARRAY_SIZE(pbkdf2s); i++)
		assert_int_equal(check(PASSWORD_PBKDF2, pbkdf2s[i], "secret"), LOGIN_UNKNOWN_KIND);
	assert_int_equal(check(PASSWORD_OTHER, "x", "x"), LOGIN_UNKNOWN_KIND);
}

static void hostile_rounds_cost_nothing(void **state)
{
	static const char *const rounds[] = {
		"1000001", "2147483648", "18446744073709551615", "99999999999999999999999"};
	char value[256];
	time_t began = time(NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rounds); i++) {
		snprintf(value, sizeof(value), "grub.pbkdf2.sha512.%s.AB.CD", rounds[i]);
		assert_int_equal(check(PASSWORD_PBKDF2, value, "secret"), LOGIN_UNKNOWN_KIND);
	}
	assert_true(time(NULL) - began < 10);
}

/* ---- what they open ----------------------------------------------------------------------------- */

/* A menu: 0 free, 1 locked heading, 2 below it, 3 for bob, 4 locked. */
struct fixture {
	struct bootmenu menu;
	struct menu_entry entries[5];
	struct menu_user users[2];
	struct question question;
};

static void begin(struct fixture *f, const char *loader)
{
	static const uint32_t depths[] = {1, 1, 2, 1, 1};

	*f = (struct fixture){.menu = {.loader = text_of(loader), .edit_restricted = true}};
	for (int i = 0; i < 5; i++) {
		f->entries[i].depth = depths[i];
		f->entries[i].next = i < 4 ? &f->entries[i + 1] : NULL;
	}
	f->menu.first = f->entries;
	f->entries[1].submenu = true;
	f->entries[1].restricted = f->entries[3].restricted = f->entries[4].restricted = true;
	f->entries[3].users = TEXT("alice bob");
}

static void begin_grub2(struct fixture *f)
{
	begin(f, "grub2");
	f->menu.superusers = TEXT("admin,root");
	f->users[0] = (struct menu_user){
		&f->users[1], TEXT("root"), {PASSWORD_PBKDF2, TEXT(PBKDF2_SECRET)}};
	f->users[1] = (struct menu_user){NULL, TEXT("bob"), {PASSWORD_PLAIN, TEXT("bobs")}};
	f->menu.users = f->users;
}

static void log_in(struct fixture *f, const char *name, const char *password)
{
	f->question = (struct question){.has_login = true,
		.login_name = text_of(name),
		.login_password = text_of(password)};
	login_apply(&f->question, &f->menu);
}

/* The entries that are restricted, as digits. */
static void assert_restricted(const struct fixture *f, const char *which)
{
	char found[6] = "";
	size_t used = 0;

	for (int i = 0; i < 5; i++) {
		if (f->entries[i].restricted)
			found[used++] = (char)('0' + i);
	}
	assert_string_equal(found, which);
}

static void what_is_below_a_restricted_heading_is_restricted(void **state)
{
	struct fixture f;

	(void)state;
	begin_grub2(&f);
	login_apply(&f.question, &f.menu);
	assert_restricted(&f, "1234");
	assert_int_equal(f.menu.login, LOGIN_NONE);
	assert_true(f.menu.asks_name && f.menu.edit_restricted);
}

static void a_superuser_opens_everything(void **state)
{
	struct fixture f;

	(void)state;
	begin_grub2(&f);
	log_in(&f, "root", "secret");
	assert_int_equal(f.menu.login, LOGIN_RIGHT);
	assert_restricted(&f, "");
	assert_false(f.menu.edit_restricted);
}

static void a_user_opens_what_is_his_and_no_editor(void **state)
{
	struct fixture f;

	(void)state;
	begin_grub2(&f);
	log_in(&f, "bob", "bobs");
	assert_int_equal(f.menu.login, LOGIN_RIGHT);
	assert_restricted(&f, "124");
	assert_true(f.menu.edit_restricted);
}

static void a_wrong_login_opens_nothing(void **state)
{
	static const char *const wrong[][2] = {{"root", "bobs"}, {"bob", "secret"}, {"", "secret"},
		{"alice", "x"}, {"admin", ""}, {"root", ""}, {"roo", "secret"}};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		begin_grub2(&f);
		log_in(&f, wrong[i][0], wrong[i][1]);
		assert_int_equal(f.menu.login, LOGIN_WRONG);
		assert_restricted(&f, "1234");
		assert_true(f.menu.edit_restricted);
	}
}

static void the_only_user_needs_no_name(void **state)
{
	struct fixture f;

	(void)state;
	begin_grub2(&f);
	f.users[0].next = NULL;
	log_in(&f, "", "secret");
	assert_int_equal(f.menu.login, LOGIN_RIGHT);
	assert_false(f.menu.asks_name);
}

static void a_menu_without_users_opens_to_nobody(void **state)
{
	struct fixture f;

	(void)state;
	begin_grub2(&f);
	f.menu.users = NULL;
	log_in(&f, "", "");
	assert_int_equal(f.menu.login, LOGIN_WRONG);
	assert_restricted(&f, "1234");
}

static void grub_legacy_has_one_password_and_some_of_entries(void **state)
{
	struct fixture f;

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(&f, "grub");
		f.users[0].password = (struct password){PASSWORD_MD5_CRYPT, TEXT(MD5_SECRET)};
		f.menu.users = f.users;
		f.entries[3].password = (struct password){PASSWORD_PLAIN, TEXT("own")};
		log_in(&f, "", i ? "own" : "secret");
		assert_int_equal(f.menu.login, LOGIN_RIGHT);
		assert_restricted(&f, i ? "124" : "3");
		assert_int_equal(f.menu.edit_restricted, i);
	}
}

static void syslinux_master_password_opens_everything(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "extlinux");
	f.users[0].password = (struct password){PASSWORD_PLAIN, TEXT("master")};
	f.menu.users = f.users;
	f.entries[3].password = (struct password){PASSWORD_OTHER, TEXT("$6$x$y")};
	log_in(&f, "", "master");
	assert_restricted(&f, "");
	assert_false(f.menu.edit_restricted);
}

static void passwords_of_an_unknown_kind_are_told(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "extlinux");
	f.entries[3].password = (struct password){PASSWORD_OTHER, TEXT("$6$x$y")};
	f.entries[4].password = (struct password){PASSWORD_PLAIN, TEXT("x")};
	log_in(&f, "", "y");
	assert_int_equal(f.menu.login, LOGIN_UNKNOWN_KIND);
	assert_restricted(&f, "1234");
}

static void the_editor_of_lilo_needs_every_password(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "lilo");
	f.entries[0].password = f.entries[3].password =
		(struct password){PASSWORD_PLAIN, TEXT("a")};
	f.entries[4].password = (struct password){PASSWORD_PLAIN, TEXT("b")};
	log_in(&f, "", "a");
	assert_int_equal(f.menu.login, LOGIN_RIGHT);
	assert_restricted(&f, "124");
	assert_true(f.menu.edit_restricted);
	f.entries[4].password.value = TEXT("a");
	log_in(&f, "", "a");
	assert_false(f.menu.edit_restricted);
}

static void compares_a_bounded_number_of_passwords(void **state)
{
	enum { MANY = MAX_LOGIN_CHECKS + 10 };
	static struct menu_entry entries[MANY];
	static char values[MANY][16];
	struct bootmenu menu = {.loader = TEXT("lilo"), .first = entries};
	const struct question question = {.has_login = true, .login_password = TEXT("p73")};

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(values[i], sizeof(values[i]), "p%d", i);
		entries[i] = (struct menu_entry){.next = i + 1 < MANY ? &entries[i + 1] : NULL,
			.depth = 1,
			.restricted = true,
			.password = {PASSWORD_PLAIN, text_of(values[i])}};
	}
	login_apply(&question, &menu);
	assert_true(entries[73].restricted);
	assert_int_equal(menu.login, LOGIN_UNKNOWN_KIND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_right_password_of_each_kind),
		cmocka_unit_test(refuses_wrong_passwords),
		cmocka_unit_test(a_hash_is_no_password),
		cmocka_unit_test(refuses_bytes_behind_a_nul),
		cmocka_unit_test(refuses_what_is_too_long_to_be_typed),
		cmocka_unit_test(a_short_hash_is_compared_as_far_as_it_goes),
		cmocka_unit_test(other_kinds_are_told_apart_from_wrong_ones),
		cmocka_unit_test(hostile_rounds_cost_nothing),
		cmocka_unit_test(what_is_below_a_restricted_heading_is_restricted),
		cmocka_unit_test(a_superuser_opens_everything),
		cmocka_unit_test(a_user_opens_what_is_his_and_no_editor),
		cmocka_unit_test(a_wrong_login_opens_nothing),
		cmocka_unit_test(the_only_user_needs_no_name),
		cmocka_unit_test(a_menu_without_users_opens_to_nobody),
		cmocka_unit_test(grub_legacy_has_one_password_and_some_of_entries),
		cmocka_unit_test(syslinux_master_password_opens_everything),
		cmocka_unit_test(passwords_of_an_unknown_kind_are_told),
		cmocka_unit_test(the_editor_of_lilo_needs_every_password),
		cmocka_unit_test(compares_a_bounded_number_of_passwords),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
