/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu/wide.h"

#include "core/escape.h"

#include <limits.h>
#include <wctype.h>

static int count_columns(const char *shown)
{
	mbstate_t state = {0};
	wchar_t c;
	int columns;

	/* What escape_add() writes instead of a character is ASCII. */
	if ((unsigned char)shown[0] < 0x80)
		return (int)strlen(shown);
	if (mbrtowc(&c, shown, strlen(shown), &state) > MB_LEN_MAX)
		return 1;
	columns = wcwidth(c);
	return columns < 0 ? 1 : columns;
}

size_t wide_next(struct text text, struct wide_character *ret)
{
	_strbuf_ struct strbuf out = {.limit = sizeof(ret->shown) - 1};
	size_t length = utf8_length(text);

	if (!length)
		length = 1;
	/* A backslash shows itself: texts with other meaning are escaped already. */
	if (text.at[0] == '\\')
		strbuf_addc(&out, '\\');
	else
		escape_add(&out, text_first(text, length));
	memcpy(ret->shown, out.failed || !out.at ? "?" : out.at, out.failed ? 2 : out.len + 1);
	ret->columns = count_columns(ret->shown);
	return length;
}

void wide_step(struct wide_place *place, const struct wide_character *c, int columns)
{
	if (place->column + c->columns <= columns)
		return;
	place->row++;
	place->column = 0;
}

struct wide_place wide_cursor(const struct line *line, int columns)
{
	struct text rest = text_first(line_text(line), line->cursor);
	struct wide_character c = {.columns = 1};
	struct wide_place place = {0};

	while (rest.len) {
		rest = text_skip(rest, wide_next(rest, &c));
		wide_step(&place, &c, columns);
		place.column += c.columns;
	}
	/* The cursor itself needs a column. */
	c.columns = 1;
	wide_step(&place, &c, columns);
	return place;
}

size_t wide_encode(wint_t character, char *out)
{
	mbstate_t state = {0};
	size_t n;

	if (!iswprint(character))
		return 0;
	n = wcrtomb(out, (wchar_t)character, &state);
	return n > MB_LEN_MAX ? 0 : n;
}
