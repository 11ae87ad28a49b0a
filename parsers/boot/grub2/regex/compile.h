/* Between regex.c and regex_set.c only: an expression being compiled. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/grub2/regex/regex.h"

#include <errno.h>

struct compile {
	struct grub_pool *pool;
	struct grub_regex *regex;
	struct text rest;
	uint32_t depth, room, set_room;
	int failed;
	const char *why;
};

/* The first mistake counts. */
static inline void regex_fail(struct compile *c, int error, const char *why)
{
	if (c->failed)
		return;
	c->failed = error;
	c->why = why;
}

static inline bool regex_more(const struct compile *c)
{
	return c->rest.len && !c->failed;
}

static inline bool regex_next_is(const struct compile *c, char wanted)
{
	return regex_more(c) && c->rest.at[0] == wanted;
}

static inline bool regex_accept(struct compile *c, char wanted)
{
	if (!regex_next_is(c, wanted))
		return false;
	c->rest = text_skip(c->rest, 1);
	return true;
}

void regex_emit(struct compile *c, enum regex_op op, uint32_t x, uint32_t y);

/* ---- sets of bytes (regex_set.c) ---------------------------------------------------------- */

void regex_set_add(struct regex_set *set, unsigned char byte);

/* "digit" and its like; false: no such class. */
bool regex_set_add_class(struct regex_set *set, struct text name);

/* Compiles a set, or all other bytes. */
void regex_emit_set(struct compile *c, struct regex_set set, bool invert);

/* What stands behind a [, up to its ]. */
void regex_brackets(struct compile *c);
