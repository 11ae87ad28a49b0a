/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/language.h"

static bool has_path(const struct parser *parser, struct text path)
{
	for (const char *const *at = parser->paths; *at; at++) {
		if (text_is(path, *at))
			return true;
	}
	return false;
}

static struct text base_name(struct text path)
{
	size_t at = path.len;

	while (at && path.at[at - 1] != '/')
		at--;
	return text_skip(path, at);
}

static bool has_name(const struct parser *parser, struct text name)
{
	for (const char *const *at = parser->paths; *at; at++) {
		if (text_equal(name, base_name(text_of(*at))))
			return true;
	}
	return false;
}

const struct parser *language_of(struct text path, struct text content, bool folder)
{
	const struct parser *const *at;

	for (at = parser_table; *at; at++) {
		if ((*at)->folder == folder && has_path(*at, path))
			return *at;
	}
	for (at = parser_table; *at && !folder; at++) {
		if ((*at)->recognise && (*at)->recognise(content))
			return *at;
	}
	for (at = parser_table; *at; at++) {
		if ((*at)->folder == folder && has_name(*at, base_name(path)))
			return *at;
	}
	return NULL;
}
