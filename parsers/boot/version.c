/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/version.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool begins(struct text t, char c)
{
	return t.len && t.at[0] == c;
}

static int sign(bool a, bool b)
{
	return (int)a - (int)b;
}

/* Cuts the leading bytes of one kind off. */
static struct text cut_while(struct text *t, bool (*is)(char c))
{
	size_t len = 0;
	struct text head;

	while (len < t->len && is(t->at[len]))
		len++;
	head = text_first(*t, len);
	*t = text_skip(*t, len);
	return head;
}

static bool is_separator(char c)
{
	return !is_digit(c) && !is_letter(c) && c != '~' && c != '-' && c != '^' && c != '.';
}

static int compare_numbers(struct text a, struct text b)
{
	/* A missing number is older than any. */
	if (!a.len || !b.len)
		return sign(a.len > 0, b.len > 0);
	while (begins(a, '0'))
		a = text_skip(a, 1);
	while (begins(b, '0'))
		b = text_skip(b, 1);
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return text_compare(a, b);
}

int version_compare(struct text a, struct text b)
{
	static const char marks[] = {'-', '^', '.'};

	for (;;) {
		int order = 0;

		cut_while(&a, is_separator);
		cut_while(&b, is_separator);
		if (begins(a, '~') || begins(b, '~')) {
			order = sign(!begins(a, '~'), !begins(b, '~'));
			if (order)
				return order;
			a = text_skip(a, 1);
			b = text_skip(b, 1);
			continue;
		}
		if (!a.len || !b.len)
			return sign(a.len > 0, b.len > 0);
		for (size_t i = 0; i < sizeof(marks) && !order; i++) {
			order = sign(!begins(a, marks[i]), !begins(b, marks[i]));
			if (!order && begins(a, marks[i])) {
				a = text_skip(a, 1);
				b = text_skip(b, 1);
			}
		}
		if (!order && ((a.len && is_digit(a.at[0])) || (b.len && is_digit(b.at[0]))))
			order = compare_numbers(cut_while(&a, is_digit), cut_while(&b, is_digit));
		else if (!order)
			order = text_compare(cut_while(&a, is_letter), cut_while(&b, is_letter));
		if (order)
			return order;
	}
}

/* ---- patterns ------------------------------------------------------------------------------ */

/* One element of a pattern ("x", "?", "\x", "[...]"): how long it is, and whether `c` fits. */
static size_t element(struct text pattern, char c, bool *fits)
{
	size_t end;
	bool negated;

	*fits = pattern.at[0] == '?' || pattern.at[0] == c;
	if (pattern.at[0] == '\\' && pattern.len > 1) {
		*fits = pattern.at[1] == c;
		return 2;
	}
	if (pattern.at[0] != '[')
		return 1;
	negated = pattern.len > 1 && (pattern.at[1] == '!' || pattern.at[1] == '^');
	end = negated ? 2 : 1;
	end += end < pattern.len && pattern.at[end] == ']';
	while (end < pattern.len && pattern.at[end] != ']')
		end++;
	if (end == pattern.len)
		return 1; /* no set: the bracket itself */
	*fits = false;
	for (size_t i = negated ? 2 : 1; i < end; i++) {
		if (i + 2 < end && pattern.at[i + 1] == '-') {
			*fits |= c >= pattern.at[i] && c <= pattern.at[i + 2];
			i += 2;
		} else {
			*fits |= pattern.at[i] == c;
		}
	}
	*fits ^= negated;
	return end + 1;
}

bool glob_matches(struct text pattern, struct text name)
{
	struct text after_star = {0}, name_at_star = {0};
	bool starred = false;

	while (name.len || pattern.len) {
		bool fits = false;
		size_t taken = 0;

		if (pattern.len && pattern.at[0] == '*') {
			starred = true;
			after_star = pattern = text_skip(pattern, 1);
			name_at_star = name;
			continue;
		}
		if (pattern.len && name.len)
			taken = element(pattern, name.at[0], &fits);
		if (fits) {
			pattern = text_skip(pattern, taken);
			name = text_skip(name, 1);
			continue;
		}
		/* The last star takes one byte more; earlier ones need not be tried again. */
		if (!starred || !name_at_star.len)
			return false;
		name = name_at_star = text_skip(name_at_star, 1);
		pattern = after_star;
	}
	return true;
}
