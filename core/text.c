/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/text.h"

#include "core/checked.h"

#include <strings.h>

int text_compare(struct text a, struct text b)
{
	size_t common = min_size(a.len, b.len);
	int order = common ? memcmp(a.at, b.at, common) : 0;

	if (order)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool text_equal_nocase(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || strncasecmp(a.at, b.at, a.len) == 0);
}

bool text_cut(struct text *t, char byte, struct text *head)
{
	size_t at = text_find(*t, byte);

	if (!t->len)
		return false;
	*head = text_first(*t, at);
	*t = text_skip(*t, at + 1);
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct text text_trim(struct text t)
{
	while (t.len && is_space(t.at[0]))
		t = text_skip(t, 1);
	while (t.len && is_space(t.at[t.len - 1]))
		t.len--;
	return t;
}

bool text_number(struct text t, uint64_t *ret)
{
	uint64_t value = 0;

	if (!t.len)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		if (!checked_mul(value, 10u, &value) ||
			!checked_add(value, (uint64_t)(t.at[i] - '0'), &value))
			return false;
	}
	*ret = value;
	return true;
}
