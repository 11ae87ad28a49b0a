/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/blscfg/filevercmp.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The length without endings: a dot, a letter or ~, then letters, digits and ~; again and again. */
static size_t length_without_endings(struct text name)
{
	size_t length = 0;

	for (size_t at = 0; at < name.len;) {
		length = ++at;
		while (at + 1 < name.len && name.at[at] == '.' &&
			(is_alpha(name.at[at + 1]) || name.at[at + 1] == '~')) {
			for (at += 2;
				at < name.len && (is_alpha(name.at[at]) || is_digit(name.at[at]) ||
							 name.at[at] == '~');)
				at++;
		}
	}
	return length;
}

/* ~ goes before the end, that before digits, letters, and all other bytes. */
static int weight(struct text t, size_t at)
{
	unsigned char c;

	if (at >= t.len)
		return -1;
	c = (unsigned char)t.at[at];
	if (is_digit(t.at[at]))
		return 0;
	if (is_alpha(t.at[at]))
		return c;
	return t.at[at] == '~' ? -2 : c + 256;
}

static bool digit_at(struct text t, size_t at)
{
	return at < t.len && is_digit(t.at[at]);
}

/* Digits from both places on, as numbers of any length. Moves both behind them. */
static int compare_numbers(struct text a, size_t *i, struct text b, size_t *n)
{
	int difference = 0;

	while (*i < a.len && a.at[*i] == '0')
		++*i;
	while (*n < b.len && b.at[*n] == '0')
		++*n;
	for (; digit_at(a, *i) && digit_at(b, *n); ++*i, ++*n) {
		if (!difference)
			difference = a.at[*i] - b.at[*n];
	}
	if (digit_at(a, *i))
		return 1;
	return digit_at(b, *n) ? -1 : difference;
}

static int compare_versions(struct text a, struct text b)
{
	size_t i = 0, n = 0;
	int order;

	while (i < a.len || n < b.len) {
		while ((i < a.len && !is_digit(a.at[i])) || (n < b.len && !is_digit(b.at[n]))) {
			order = weight(a, i++) - weight(b, n++);
			if (order)
				return order;
		}
		order = compare_numbers(a, &i, b, &n);
		if (order)
			return order;
	}
	return 0;
}

/* "." first, then "..", then hidden names, then all others. */
static int rank(struct text name)
{
	if (!name.len)
		return 0;
	if (text_is(name, "."))
		return 1;
	if (text_is(name, ".."))
		return 2;
	return name.at[0] == '.' ? 3 : 4;
}

int filevercmp(struct text a, struct text b)
{
	size_t short_a = length_without_endings(a), short_b = length_without_endings(b);
	int order = rank(a) - rank(b);

	if (order || rank(a) < 3)
		return order;
	order = compare_versions(text_first(a, short_a), text_first(b, short_b));
	if (order || (short_a == a.len && short_b == b.len))
		return order;
	return compare_versions(a, b);
}
