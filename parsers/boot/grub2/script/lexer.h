/* Bytes of a GRUB script to tokens, by GRUB's rules of lines. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/grub2/script/pool.h"
#include "parsers/boot/grub2/script/tree.h"

enum grub_token_type {
	TOKEN_END, /* of the group: a line is complete and nothing is open */
	TOKEN_BAD, /* `message` says why */
	TOKEN_NEWLINE,
	TOKEN_SEMICOLON,
	TOKEN_OPEN,  /* { */
	TOKEN_CLOSE, /* } */
	TOKEN_OTHER, /* known to GRUB's lexer but not to its grammar: | & < > || && ;; [[ ]] */
	TOKEN_WORD,
};

enum grub_keyword {
	KEYWORD_NONE,
	KEYWORD_CASE,
	KEYWORD_DO,
	KEYWORD_DONE,
	KEYWORD_ELIF,
	KEYWORD_ELSE,
	KEYWORD_ESAC,
	KEYWORD_FI,
	KEYWORD_FOR,
	KEYWORD_FUNCTION,
	KEYWORD_IF,
	KEYWORD_IN,
	KEYWORD_SELECT,
	KEYWORD_THEN,
	KEYWORD_UNTIL,
	KEYWORD_WHILE,
};

struct grub_token {
	enum grub_token_type type;
	enum grub_keyword keyword; /* TOKEN_WORD only */
	bool name;                 /* a word that can name a function or a loop variable */
	uint32_t line;
	struct text source; /* as written */
	struct grub_part *parts;
};

/*
 * A group is a line, and further lines while `open` is not 0 (the parser counts what it has
 * opened) or a quote or a backslash at the end asks for more.
 */
struct grub_lexer {
	const struct grub_text *source;
	struct grub_pool *pool; /* parts of words */
	bool copy;              /* texts go into the pool too: the source will not last */
	const char *at, *end;
	uint32_t line; /* of `at` */
	uint32_t open;
	bool line_start, fresh; /* `at` begins a line; nothing of this group has been read */
	const char *message;    /* of the last TOKEN_BAD */
	int failed;             /* -ENOMEM */
};

void grub_lexer_init(
	struct grub_lexer *lexer, const struct grub_text *source, struct grub_pool *pool);

/* Begins the next group; false: nothing is left. */
bool grub_lexer_group(struct grub_lexer *lexer);

void grub_lexer_next(struct grub_lexer *lexer, struct grub_token *ret);

/* After an error: what is left of the line does not count. */
void grub_lexer_skip_line(struct grub_lexer *lexer);
