/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/unicode.h"

#include "core/cleanup.h"
#include "core/escape.h"

static bool is_surrogate(uint32_t code)
{
	return code >= 0xd800 && code <= 0xdfff;
}

size_t unicode_put(uint32_t code, char ret[4])
{
	size_t len;

	if (code < 0x80) {
		ret[0] = (char)code;
		return 1;
	}
	if (is_surrogate(code) || code > 0x10ffff)
		code = 0xfffd;
	len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = len; i-- > 1; code >>= 6)
		ret[i] = (char)(0x80 | (code & 0x3f));
	ret[0] = (char)((0xf00 >> len & 0xff) | code);
	return len;
}

size_t unicode_from_utf16(const uint16_t *units, size_t count, char *ret)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t code = units[i];
		char utf8[4];
		size_t n;

		if (code >= 0xd800 && code <= 0xdbff && i + 1 < count && units[i + 1] >= 0xdc00 &&
			units[i + 1] <= 0xdfff) {
			code = 0x10000 + ((code - 0xd800) << 10) + (units[i + 1] - 0xdc00u);
			i++;
		}
		n = unicode_put(code, utf8);
		memcpy(ret + len, utf8, n);
		len += n;
	}
	return len;
}

uint32_t unicode_take(struct text *t)
{
	static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	const unsigned char *s = (const unsigned char *)t->at;
	size_t len = utf8_length(*t);
	uint32_t code;

	if (!len) {
		*t = text_skip(*t, 1);
		return 0x110000u + s[0];
	}
	code = s[0] & first_bits[len];
	for (size_t i = 1; i < len; i++)
		code = code << 6 | (s[i] & 0x3f);
	*t = text_skip(*t, len);
	return code;
}

/* Capital letters from `first` to `last`: all of them, or every second one from the first. */
static const struct fold {
	uint16_t first, last;
	uint16_t step; /* 1, or 2 where capital and small letters alternate */
	int16_t add;
} folds[] = {
	{0x0041, 0x005a, 1, 32},
	{0x00c0, 0x00d6, 1, 32},
	{0x00d8, 0x00de, 1, 32},
	{0x0100, 0x012e, 2, 1},
	{0x0132, 0x0136, 2, 1},
	{0x0139, 0x0147, 2, 1},
	{0x014a, 0x0176, 2, 1},
	{0x0178, 0x0178, 1, -121},
	{0x0179, 0x017d, 2, 1},
	{0x01a0, 0x01a4, 2, 1},
	{0x01af, 0x01af, 1, 1},
	{0x01cd, 0x01db, 2, 1},
	{0x01de, 0x01ee, 2, 1},
	{0x01f8, 0x021e, 2, 1},
	{0x0222, 0x0232, 2, 1},
	{0x0386, 0x0386, 1, 38},
	{0x0388, 0x038a, 1, 37},
	{0x038c, 0x038c, 1, 64},
	{0x038e, 0x038f, 1, 63},
	{0x0391, 0x03a1, 1, 32},
	{0x03a3, 0x03ab, 1, 32},
	{0x0400, 0x040f, 1, 80},
	{0x0410, 0x042f, 1, 32},
	{0x0460, 0x0480, 2, 1},
	{0x048a, 0x04be, 2, 1},
	{0x04c1, 0x04cd, 2, 1},
	{0x04d0, 0x052e, 2, 1},
	{0x0531, 0x0556, 1, 48},
	{0x1e00, 0x1e94, 2, 1},
	{0x1ea0, 0x1efe, 2, 1},
	{0xff21, 0xff3a, 1, 32},
};

uint32_t unicode_fold(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(folds) && code >= folds[i].first; i++) {
		if (code <= folds[i].last && (code - folds[i].first) % folds[i].step == 0)
			return (uint32_t)((int32_t)code + folds[i].add);
	}
	return code;
}

static uint32_t take_folded(struct text *t)
{
	unsigned char c = (unsigned char)t->at[0];

	/* Nearly all names are ASCII; a folder may hold ten thousand. */
	if (c >= 0x80)
		return unicode_fold(unicode_take(t));
	*t = (struct text){t->at + 1, t->len - 1};
	return c >= 'A' && c <= 'Z' ? c + 32u : c;
}

bool unicode_equal_nocase(struct text a, struct text b)
{
	while (a.len && b.len) {
		if (take_folded(&a) != take_folded(&b))
			return false;
	}
	return !a.len && !b.len;
}
