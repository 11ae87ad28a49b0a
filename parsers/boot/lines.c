/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/lines.h"

bool lines_next(struct lines *lines)
{
	lines->started = lines->rest.at;
	if (!text_cut(&lines->rest, '\n', &lines->line))
		return false;
	lines->number++;
	return true;
}

struct text lines_between(const char *from, const char *to)
{
	return from && to > from ? (struct text){from, (size_t)(to - from)} : (struct text){0};
}

const char *lines_behind(const struct lines *lines)
{
	return lines->rest.at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool text_word(struct text *rest, struct text *word)
{
	size_t len = 0;

	while (rest->len && is_blank(rest->at[0]))
		*rest = text_skip(*rest, 1);
	while (len < rest->len && !is_blank(rest->at[len]))
		len++;
	*word = text_first(*rest, len);
	*rest = text_skip(*rest, len);
	while (rest->len && is_blank(rest->at[0]))
		*rest = text_skip(*rest, 1);
	return word->len > 0;
}

bool text_keyword(struct text line, const char *keyword, struct text *rest)
{
	struct text word;

	if (!text_word(&line, &word) || !text_equal_nocase(word, text_of(keyword)))
		return false;
	*rest = text_trim(line);
	return true;
}
