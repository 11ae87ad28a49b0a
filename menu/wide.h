/* Characters as a terminal shows them: how wide, and what of them must not be obeyed. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "menu/line.h"

#include <wchar.h>

/* The locale must be a UTF-8 one. */
struct wide_character {
	char shown[16]; /* control characters and bytes that are no text: escaped */
	int columns;
};

/* The first character of a text that is not empty; its length in bytes. */
size_t wide_next(struct text text, struct wide_character *ret);

/* A place in a text that is wrapped at the right margin, from 0. */
struct wide_place {
	int row, column;
};

/* Goes to the next row if the character would not fit into this one. */
void wide_step(struct wide_place *place, const struct wide_character *c, int columns);

/* Where a line's cursor stands when the line is wrapped. */
struct wide_place wide_cursor(const struct line *line, int columns);

/* A character as UTF-8; its length, 0 where it cannot be typed. */
size_t wide_encode(wint_t character, char *out);
