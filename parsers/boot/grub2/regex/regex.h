/* POSIX extended regular expressions in bounded time. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/grub2/script/pool.h"

enum {
	REGEX_MAX_CODE = 8192, /* instructions of a compiled expression */
	REGEX_MAX_DEPTH = 64,  /* parentheses inside each other */
	REGEX_MAX_GROUPS = 100,
};

enum regex_op {
	REGEX_CHAR,  /* this byte */
	REGEX_ANY,   /* any byte */
	REGEX_SET,   /* a byte of sets[x] */
	REGEX_SPLIT, /* x first, then y */
	REGEX_JUMP,
	REGEX_SAVE, /* the position into slot x */
	REGEX_AT,   /* nothing, but only here: ^ $ < > b B */
	REGEX_MATCH,
};

struct regex_code {
	enum regex_op op;
	uint32_t x, y; /* places in the code, a slot, a set; or a byte */
};

struct regex_set {
	uint32_t bits[8];
};

struct grub_regex {
	struct regex_code *code;
	struct regex_set *sets;
	uint32_t n_code, n_sets, groups; /* groups: without the whole match */
};

struct regex_span {
	bool set;
	size_t from, to; /* bytes of the text */
};

/*
 * Byte by byte, as in the C locale, with GNU's \w \W \s \S \b \B \< \> but without back
 * references. -EINVAL: a mistake in the pattern; -E2BIG: over a bound; both told in *why. -ENOMEM.
 */
int grub_regex_compile(struct grub_pool *pool, struct text pattern, struct grub_regex *ret,
	const char **why) MUST_CHECK;

/*
 * The leftmost match, the longest there; spans[0] is all of it, spans[1]... the groups. 1: found;
 * 0: not; -E2BIG: `budget` steps were not enough; -ENOMEM. *budget is counted down.
 */
int grub_regex_match(struct grub_pool *pool, const struct grub_regex *regex, struct text text,
	struct regex_span *spans, uint64_t *budget) MUST_CHECK;
