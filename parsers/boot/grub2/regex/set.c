/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/regex/compile.h"

#include <ctype.h>

void regex_set_add(struct regex_set *set, unsigned char byte)
{
	set->bits[byte / 32] |= 1u << (byte % 32);
}

void regex_emit_set(struct compile *c, struct regex_set set, bool invert)
{
	struct grub_regex *regex = c->regex;
	struct regex_set *sets;
	uint32_t room = c->set_room ? c->set_room * 2 : 8;

	for (size_t i = 0; invert && i < 8; i++)
		set.bits[i] = ~set.bits[i];
	if (regex->n_sets == c->set_room) {
		sets = grub_pool_alloc(c->pool, room * sizeof(*sets));
		if (!sets) {
			regex_fail(c, -ENOMEM, "no memory");
			return;
		}
		memcpy(sets, regex->sets ? regex->sets : sets, regex->n_sets * sizeof(*sets));
		regex->sets = sets;
		c->set_room = room;
	}
	regex->sets[regex->n_sets] = set;
	regex_emit(c, REGEX_SET, regex->n_sets++, 0);
}

static const struct {
	const char *name;
	int (*is)(int c);
} classes[] = {
	{"alnum", isalnum},
	{"alpha", isalpha},
	{"blank", isblank},
	{"cntrl", iscntrl},
	{"digit", isdigit},
	{"graph", isgraph},
	{"lower", islower},
	{"print", isprint},
	{"punct", ispunct},
	{"space", isspace},
	{"upper", isupper},
	{"xdigit", isxdigit},
};

bool regex_set_add_class(struct regex_set *set, struct text name)
{
	for (size_t n = 0; n < ARRAY_SIZE(classes); n++) {
		if (!text_is(name, classes[n].name))
			continue;
		/* ASCII only, whatever the locale of the process. */
		for (int byte = 0; byte < 128; byte++) {
			if (classes[n].is(byte))
				regex_set_add(set, (unsigned char)byte);
		}
		return true;
	}
	return false;
}

/* Behind "[": one of [:class:], [=c=], [.c.]. False: it is none of them. */
static bool bracket_class(struct compile *c, struct regex_set *set, int *single)
{
	struct text inner = text_skip(c->rest, 1);
	char kind = inner.len ? inner.at[0] : '\0', end[3] = {kind, ']', '\0'};
	const char *found;

	if (!regex_next_is(c, '[') || !kind || !strchr(":=.", kind))
		return false;
	inner = text_skip(inner, 1);
	found = inner.len ? memmem(inner.at, inner.len, end, 2) : NULL;
	if (!found) {
		regex_fail(c, -EINVAL, "a class in brackets does not end");
		return true;
	}
	inner.len = (size_t)(found - inner.at);
	c->rest = text_skip(c->rest, inner.len + 4);
	if (kind == ':' ? !regex_set_add_class(set, inner) : inner.len != 1)
		regex_fail(c, -EINVAL, "an unknown class in brackets");
	else if (kind != ':')
		*single = (unsigned char)inner.at[0];
	return true;
}

/* One byte in brackets; -1: it was a class, or nothing. */
static int bracket_byte(struct compile *c, struct regex_set *set)
{
	int byte = -1;

	if (bracket_class(c, set, &byte) || !regex_more(c))
		return byte;
	byte = (unsigned char)c->rest.at[0];
	c->rest = text_skip(c->rest, 1);
	return byte;
}

static void bracket_item(struct compile *c, struct regex_set *set)
{
	int from = bracket_byte(c, set), to = from;

	if (from < 0)
		return;
	if (c->rest.len > 1 && c->rest.at[0] == '-' && c->rest.at[1] != ']') {
		c->rest = text_skip(c->rest, 1);
		to = bracket_byte(c, set);
	}
	if (to < from)
		regex_fail(c, -EINVAL, "a range in brackets that ends before it begins");
	for (int byte = from; byte <= to; byte++)
		regex_set_add(set, (unsigned char)byte);
}

void regex_brackets(struct compile *c)
{
	struct regex_set set = {{0}};
	bool invert = regex_accept(c, '^'), first = true;

	while (regex_more(c) && (first || !regex_next_is(c, ']'))) {
		first = false;
		bracket_item(c, &set);
	}
	if (!regex_accept(c, ']'))
		regex_fail(c, -EINVAL, "a [ without its ]");
	regex_emit_set(c, set, invert);
}
