/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu/line.h"

#include "core/escape.h"

bool line_set(struct line *line, struct text text)
{
	line_wipe(line);
	if (text.len > sizeof(line->at))
		return false;
	line_insert(line, text);
	return true;
}

void line_wipe(struct line *line)
{
	explicit_bzero(line, sizeof(*line));
}

void line_insert(struct line *line, struct text text)
{
	char *here = line->at + line->cursor;

	if (!text.len || text.len > sizeof(line->at) - line->len)
		return;
	memmove(here + text.len, here, line->len - line->cursor);
	memcpy(here, text.at, text.len);
	line->len += text.len;
	line->cursor += text.len;
}

static size_t next_character(const struct line *line)
{
	struct text rest = text_skip(line_text(line), line->cursor);
	size_t length = utf8_length(rest);

	return length ? length : rest.len > 0;
}

static size_t previous_character(const struct line *line)
{
	for (size_t length = 4; length > 1; length--) {
		struct text last;

		if (line->cursor < length)
			continue;
		last = (struct text){line->at + line->cursor - length, length};
		if (utf8_length(last) == length)
			return length;
	}
	return line->cursor > 0;
}

void line_left(struct line *line)
{
	line->cursor -= previous_character(line);
}

void line_right(struct line *line)
{
	line->cursor += next_character(line);
}

static void cut(struct line *line, size_t from, size_t to)
{
	memmove(line->at + from, line->at + to, line->len - to);
	line->len -= to - from;
	line->cursor = from;
}

void line_backspace(struct line *line)
{
	cut(line, line->cursor - previous_character(line), line->cursor);
}

void line_delete(struct line *line)
{
	cut(line, line->cursor, line->cursor + next_character(line));
}

void line_cut_before(struct line *line)
{
	cut(line, 0, line->cursor);
}

void line_cut_after(struct line *line)
{
	line->len = line->cursor;
}
