/* Tokens of a GRUB script to a tree, one group of lines at a time. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/grub2/script/lexer.h"

enum { MAX_GRAMMAR_DEPTH = 100 }; /* blocks and conditions inside each other */

/*
 * GRUB knows a function as soon as its closing brace is read, before anything of the group runs
 * and even where a later error discards the group.
 */
typedef void grub_define(void *context, struct text name, const struct grub_node *body);

struct grub_parser {
	struct grub_lexer *lexer;
	struct grub_pool *pool;    /* for the tree, which dies with the group */
	struct grub_pool *lasting; /* for functions */
	grub_define *define;
	void *context;
	/* the rest is the parser's own */
	struct grub_token token;
	bool peeked, failed;
	bool delimited; /* the list read last ended with ; or a newline */
	uint32_t depth;
	uint32_t error_line;
	char error[120]; /* what was expected; the bytes found are not in it */
	struct text found;
};

/*
 * Parses one group: a NODE_LIST, or NULL where it holds no statement. False: a syntax error,
 * told in error, error_line and found; nothing of the group counts. lexer->failed: no memory.
 */
bool grub_parse_group(struct grub_parser *parser, struct grub_node **ret) MUST_CHECK;
