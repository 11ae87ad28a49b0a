/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/script/lexer.h"

#include "parsers/boot/grub2/script/word.h"

#include <errno.h>

void grub_lexer_init(
	struct grub_lexer *lexer, const struct grub_text *source, struct grub_pool *pool)
{
	*lexer = (struct grub_lexer){
		.source = source,
		.pool = pool,
		.copy = !source->lasting,
		.at = source->text.at,
		.end = source->text.at + source->text.len,
		.line = source->line,
		.line_start = true,
	};
	if (source->whole)
		grub_lexer_skip_dropped(lexer);
}

/* The newline that ends the line of `at`, or the end. */
static const char *line_end(const struct grub_lexer *lexer)
{
	const char *newline;

	if (lexer->at >= lexer->end)
		return lexer->end;
	newline = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
	return newline ? newline : lexer->end;
}

/* At the start of a line: passes over lines that begin with #, as GRUB's reader does. */
void grub_lexer_skip_dropped(struct grub_lexer *lexer)
{
	if (!lexer->source->from_file)
		return;
	while (lexer->at < lexer->end) {
		const char *first = lexer->at;

		while (first < lexer->end && *first == '\r')
			first++;
		if (first >= lexer->end || *first != '#')
			return;
		lexer->at = line_end(lexer);
		if (lexer->at < lexer->end) {
			lexer->at++;
			lexer->line++;
		}
	}
}

/* Bytes that GRUB's reader never hands on: CR, and everything from a NUL to the line's end. */
void grub_lexer_skip_unseen(struct grub_lexer *lexer)
{
	if (!lexer->source->from_file)
		return;
	while (lexer->at < lexer->end) {
		if (*lexer->at == '\0')
			lexer->at = line_end(lexer);
		else if (*lexer->at == '\r')
			lexer->at++;
		else
			return;
	}
}

void grub_lexer_newline(struct grub_lexer *lexer)
{
	if (lexer->at < lexer->end) {
		lexer->at++;
		lexer->line++;
	}
	grub_lexer_skip_dropped(lexer);
}

bool grub_lexer_group(struct grub_lexer *lexer)
{
	lexer->open = 0;
	lexer->fresh = true;
	return lexer->at < lexer->end;
}

void grub_lexer_skip_line(struct grub_lexer *lexer)
{
	if (lexer->line_start && !lexer->fresh)
		return;
	lexer->at = line_end(lexer);
	grub_lexer_newline(lexer);
	lexer->line_start = true;
}

static void skip_blanks(struct grub_lexer *lexer)
{
	for (;;) {
		grub_lexer_skip_unseen(lexer);
		if (lexer->at >= lexer->end)
			return;
		if (*lexer->at == '#')
			lexer->at = line_end(lexer);
		else if (*lexer->at == ' ' || *lexer->at == '\t')
			lexer->at++;
		else
			return;
	}
}

/* One or two characters that are a token of their own; 0: a word begins here. */
static size_t operator_length(const struct grub_lexer *lexer, enum grub_token_type *type)
{
	char c = *lexer->at;
	bool twice = lexer->end - lexer->at > 1 && lexer->at[1] == c;

	*type = TOKEN_OTHER;
	switch (c) {
	case '{':
		*type = TOKEN_OPEN;
		return 1;
	case '}':
		*type = TOKEN_CLOSE;
		return 1;
	case ';':
		if (!twice)
			*type = TOKEN_SEMICOLON;
		return twice ? 2 : 1;
	case '|':
	case '&':
		return twice ? 2 : 1;
	case '<':
	case '>':
		return 1;
	default:
		return 0;
	}
}

static void end_of_line(struct grub_lexer *lexer, struct grub_token *ret)
{
	if (lexer->at >= lexer->end && lexer->line_start) {
		/* Something is open and no line follows. */
		ret->type = TOKEN_BAD;
		lexer->message = "unexpected end of file";
		return;
	}
	ret->type = TOKEN_NEWLINE;
	grub_lexer_newline(lexer);
	lexer->line_start = true;
}

void grub_lexer_next(struct grub_lexer *lexer, struct grub_token *ret)
{
	const char *from;
	size_t length;

	*ret = (struct grub_token){.line = lexer->line};
	if (lexer->line_start && !lexer->fresh && !lexer->open) {
		ret->type = TOKEN_END;
		return;
	}
	if (lexer->fresh || lexer->at < lexer->end)
		lexer->line_start = false;
	lexer->fresh = false;
	skip_blanks(lexer);
	from = lexer->at;
	if (lexer->at >= lexer->end || *lexer->at == '\n') {
		end_of_line(lexer, ret);
		return;
	}
	length = operator_length(lexer, &ret->type);
	if (length)
		lexer->at += length;
	else
		grub_lexer_word(lexer, ret);
	ret->source = (struct text){from, (size_t)(lexer->at - from)};
}
