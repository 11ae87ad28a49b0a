/* Text as a slice: a pointer and a length, borrowed from whoever owns the bytes. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* May hold any byte, NUL included. A zeroed struct is the empty text. */
struct text {
	const char *at;
	size_t len;
};

#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})

/* For printf: `"%.*s", TEXT_ARG(t)`. Stops at a NUL byte; never for output without escaping. */
#define TEXT_ARG(t) ((int)((t).len < 4096 ? (t).len : 4096)), ((t).len ? (t).at : "")

static inline struct text text_of(const char *string)
{
	return (struct text){string, string ? strlen(string) : 0};
}

static inline bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool text_is(struct text a, const char *string)
{
	return text_equal(a, text_of(string));
}

/* Everything from `from` on; empty where the text is shorter. */
static inline struct text text_skip(struct text t, size_t from)
{
	if (from > t.len)
		from = t.len;
	/* An empty text may have no address at all, and none plus nothing is undefined. */
	return (struct text){from ? t.at + from : t.at, t.len - from};
}

/* The first `len` bytes, or all where the text is shorter. */
static inline struct text text_first(struct text t, size_t len)
{
	return (struct text){t.at, len < t.len ? len : t.len};
}

static inline bool text_starts(struct text t, struct text with)
{
	return t.len >= with.len && text_equal(text_first(t, with.len), with);
}

static inline bool text_ends(struct text t, struct text with)
{
	return t.len >= with.len && text_equal(text_skip(t, t.len - with.len), with);
}

/* Where `byte` first stands; t.len where it does not. */
static inline size_t text_find(struct text t, char byte)
{
	const char *found = t.len ? memchr(t.at, byte, t.len) : NULL;

	return found ? (size_t)(found - t.at) : t.len;
}

/* Compares like memcmp, the shorter first where one begins the other. */
int text_compare(struct text a, struct text b);

/* Equal but for the case of ASCII letters. */
bool text_equal_nocase(struct text a, struct text b);

/*
 * Cuts the text at the first `byte`: *head is what stands before it, *t what stands behind.
 * Without that byte *head is everything and *t empty. False when *t was empty already.
 */
bool text_cut(struct text *t, char byte, struct text *head);

/* Without blanks, tabs, CR and LF on both ends. */
struct text text_trim(struct text t);

/* A whole decimal number: digits only, no sign, no blanks. False on anything else. */
bool text_number(struct text t, uint64_t *ret);
