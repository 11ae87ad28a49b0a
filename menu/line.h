/* One line of text that is being typed. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/* libxl takes no command line of 8192 bytes and more. */
enum { LINE_BYTES = 8192 };

struct line {
	char at[LINE_BYTES];
	size_t len, cursor; /* bytes */
};

/* Begins with this text, the cursor behind it. False: it is too long. */
bool line_set(struct line *line, struct text text);

/* Forgets the text, also in memory. */
void line_wipe(struct line *line);

/* Puts text in at the cursor; nothing where there is no room for all of it. */
void line_insert(struct line *line, struct text text);

/* Moves by one character (a byte that is no UTF-8 is one). */
void line_left(struct line *line);
void line_right(struct line *line);

/* Removes the character before, or that at the cursor. */
void line_backspace(struct line *line);
void line_delete(struct line *line);

/* Removes everything before the cursor, or from it on. */
void line_cut_before(struct line *line);
void line_cut_after(struct line *line);

static inline struct text line_text(const struct line *line)
{
	return (struct text){line->at, line->len};
}
