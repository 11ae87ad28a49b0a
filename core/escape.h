/* The one way guest text reaches a terminal, a log or a text file. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"

/*
 * Appends `text` as one line that no terminal obeys: backslash as \\, newline \n, tab \t, ESC \e,
 * every other C0 control and DEL \xNN, C1 controls, line separators and bidi controls \uNNNN,
 * bytes that are not UTF-8 \xNN. Everything else stays as it is.
 */
void escape_add(struct strbuf *buf, struct text text);

/* The same, at most `max` bytes of output and then "..." (a cut never splits a character). */
void escape_add_cut(struct strbuf *buf, struct text text, size_t max);

/* The length in bytes (1 to 4) of the well-formed UTF-8 character at the start, 0 where none is. */
size_t utf8_length(struct text text);

/* Appends `text` with every byte that is not UTF-8 replaced by U+FFFD; true if one was. */
bool utf8_add_lossy(struct strbuf *buf, struct text text);
