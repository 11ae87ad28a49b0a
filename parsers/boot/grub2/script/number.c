/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/script/number.h"

#include "core/checked.h"

static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 10 : 99;
}

static struct text skip_base(struct text text, unsigned *base)
{
	if (text.len > 1 && text.at[0] == '0') {
		if ((*base == 0 || *base == 16) && text.at[1] == 'x') {
			*base = 16;
			return text_skip(text, 2);
		}
		if (*base == 0 && text.at[1] >= '0' && text.at[1] <= '7')
			*base = 8;
	}
	if (!*base)
		*base = 10;
	return text;
}

bool grub_number(struct text text, unsigned base, uint64_t *ret, struct text *rest)
{
	uint64_t value = 0;
	bool found = false;

	*rest = (struct text){0};
	while (text.len && (text.at[0] == ' ' || (text.at[0] >= '\t' && text.at[0] <= '\r')))
		text = text_skip(text, 1);
	text = skip_base(text, &base);
	for (; text.len && digit(text.at[0]) < base; text = text_skip(text, 1)) {
		if (!checked_mul(value, base, &value) ||
			!checked_add(value, digit(text.at[0]), &value))
			return false;
		found = true;
	}
	*ret = value;
	*rest = text;
	return found;
}

bool grub_whole_number(struct text text, unsigned base, uint64_t *ret)
{
	struct text rest;

	return grub_number(text, base, ret, &rest) && !rest.len;
}

bool grub_signed_number(struct text text, int64_t *ret)
{
	bool minus = text.len && text.at[0] == '-';
	struct text rest;
	uint64_t value;

	if (!grub_number(minus ? text_skip(text, 1) : text, 0, &value, &rest))
		return false;
	*ret = minus ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}
