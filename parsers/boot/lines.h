/* Configuration text cut into lines and words, for the languages that are made of lines. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/* `lines = {.rest = content}`; the slices borrow the content. */
struct lines {
	struct text rest;
	struct text line;    /* the current one, without its newline */
	uint32_t number;     /* of the current line, from 1 */
	const char *started; /* where it begins in the content */
};

/* Goes on to the next line; false at the end. */
bool lines_next(struct lines *lines);

/* Everything of the content between two places that lines stood at. */
struct text lines_between(const char *from, const char *to);

/* Where the line behind the current one begins. */
const char *lines_behind(const struct lines *lines);

/* Cuts off the first word, blanks and tabs around it dropped. False: nothing but blanks left. */
bool text_word(struct text *rest, struct text *word);

/* Is the first word this one, in any case of letters? Then *rest is what follows it, trimmed. */
bool text_keyword(struct text line, const char *keyword, struct text *rest);
