/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/blscfg/rpmver.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool starts_with(struct text text, char c)
{
	return text.len && text.at[0] == c;
}

static struct text skip_separators(struct text text)
{
	while (text.len && !is_digit(text.at[0]) && !is_alpha(text.at[0]) && text.at[0] != '~' &&
		text.at[0] != '+')
		text = text_skip(text, 1);
	return text;
}

/* Cuts the digits or the letters at the start off. */
static struct text cut_segment(struct text *text, bool digits)
{
	struct text segment = *text;
	size_t n = 0;

	while (n < text->len && (digits ? is_digit(text->at[n]) : is_alpha(text->at[n])))
		n++;
	segment.len = n;
	*text = text_skip(*text, n);
	return segment;
}

static int compare_numbers(struct text a, struct text b)
{
	while (starts_with(a, '0'))
		a = text_skip(a, 1);
	while (starts_with(b, '0'))
		b = text_skip(b, 1);
	if (a.len != b.len)
		return a.len > b.len ? 1 : -1;
	return text_compare(a, b);
}

/* The next segments of both; they are cut off. */
static int compare_segments(struct text *a, struct text *b)
{
	bool digits = is_digit(a->at[0]);
	struct text left = cut_segment(a, digits), right = cut_segment(b, digits);

	if (!right.len)
		return digits ? 1 : -1;
	return digits ? compare_numbers(left, right) : text_compare(left, right);
}

int grub_rpm_compare(struct text a, struct text b)
{
	int order;

	while (a.len || b.len) {
		a = skip_separators(a);
		b = skip_separators(b);
		if (starts_with(a, '~') || starts_with(b, '~')) {
			if (!starts_with(a, '~') || !starts_with(b, '~'))
				return starts_with(a, '~') ? -1 : 1;
		} else if (starts_with(a, '+') || starts_with(b, '+')) {
			if (!a.len || !b.len)
				return a.len ? 1 : -1;
			if (!starts_with(a, '+') || !starts_with(b, '+'))
				return starts_with(a, '+') ? -1 : 1;
		} else {
			if (!a.len || !b.len)
				break;
			order = compare_segments(&a, &b);
			if (order)
				return order;
			continue;
		}
		a = text_skip(a, 1);
		b = text_skip(b, 1);
	}
	return (a.len > 0) - (b.len > 0);
}

/* Cuts what stands behind the last dash off. False: there is no dash. */
static bool cut_behind_dash(struct text *text, struct text *ret)
{
	size_t n = text->len;

	while (n && text->at[n - 1] != '-')
		n--;
	if (!n)
		return false;
	*ret = text_skip(*text, n);
	*text = text_first(*text, n - 1);
	return true;
}

static void split(struct text text, struct text part[3])
{
	struct text last = {0}, middle = {0};
	bool has_last = cut_behind_dash(&text, &last);
	bool has_middle = has_last && cut_behind_dash(&text, &middle);

	part[0] = text;
	part[1] = has_middle ? middle : last;
	part[2] = has_middle ? last : (struct text){0};
}

int grub_rpm_compare_names(struct text a, struct text b)
{
	struct text left[3], right[3];
	int order = 0;

	split(a, left);
	split(b, right);
	for (int i = 0; i < 3 && !order; i++)
		order = grub_rpm_compare(left[i], right[i]);
	return order;
}
