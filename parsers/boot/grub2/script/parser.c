/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/script/parser.h"

#include <errno.h>
#include <stdio.h>

static struct grub_node *parse_list(struct grub_parser *parser);

/*
 * A token is read only when it must be looked at: what follows a closing brace or `fi` on the
 * line is read after lexer->open was counted down, or the group would take in the next line.
 */
static const struct grub_token *peek(struct grub_parser *parser)
{
	if (!parser->peeked && !parser->failed) {
		grub_lexer_next(parser->lexer, &parser->token);
		parser->peeked = true;
		if (parser->lexer->failed)
			parser->token.type = TOKEN_BAD;
	}
	return &parser->token;
}

static void accept(struct grub_parser *parser)
{
	parser->peeked = false;
}

/* The first error counts. Returns NULL, for convenience. */
static void *expected(struct grub_parser *parser, const char *what)
{
	const struct grub_token *token = peek(parser);

	if (parser->failed)
		return NULL;
	parser->failed = true;
	parser->error_line = token->line;
	parser->found = token->source;
	if (token->type == TOKEN_BAD && parser->lexer->message) {
		what = parser->lexer->message;
		parser->found = (struct text){0};
		snprintf(parser->error, sizeof(parser->error), "%s", what);
	} else {
		snprintf(parser->error, sizeof(parser->error), "expected %s", what);
	}
	return NULL;
}

static bool next_is(struct grub_parser *parser, enum grub_token_type type)
{
	return !parser->failed && peek(parser)->type == type;
}

static bool next_is_keyword(struct grub_parser *parser, enum grub_keyword keyword)
{
	return next_is(parser, TOKEN_WORD) && parser->token.keyword == keyword;
}

static bool accept_keyword(struct grub_parser *parser, enum grub_keyword keyword)
{
	if (!next_is_keyword(parser, keyword))
		return false;
	accept(parser);
	return true;
}

static void skip_newlines(struct grub_parser *parser)
{
	while (next_is(parser, TOKEN_NEWLINE))
		accept(parser);
}

/* One ; or newline, and any newlines behind it. False: there is none. */
static bool accept_delimiters(struct grub_parser *parser)
{
	if (!next_is(parser, TOKEN_SEMICOLON) && !next_is(parser, TOKEN_NEWLINE))
		return false;
	accept(parser);
	skip_newlines(parser);
	return true;
}

static struct grub_node *new_node(struct grub_parser *parser, enum grub_node_type type)
{
	struct grub_node *node = grub_pool_new(parser->pool, struct grub_node);

	if (!node) {
		parser->lexer->failed = -ENOMEM;
		parser->failed = true;
		return NULL;
	}
	node->type = type;
	node->line = peek(parser)->line;
	return node;
}

/* Takes the word that is next and hangs it behind *tail. */
static struct grub_word **take_word(struct grub_parser *parser, struct grub_word **tail)
{
	struct grub_word *word = grub_pool_new(parser->pool, struct grub_word);

	if (!word) {
		parser->lexer->failed = -ENOMEM;
		parser->failed = true;
		return tail;
	}
	word->parts = parser->token.parts;
	*tail = word;
	accept(parser);
	return &word->next;
}

static bool enter(struct grub_parser *parser)
{
	if (parser->depth >= MAX_GRAMMAR_DEPTH) {
		expected(parser, "fewer blocks inside each other (bound: 100)");
		return false;
	}
	parser->depth++;
	parser->lexer->open++;
	return true;
}

static void leave(struct grub_parser *parser)
{
	parser->depth--;
	parser->lexer->open--;
}

/* { commands } as the last argument of a command. */
static struct grub_word **take_block(struct grub_parser *parser, struct grub_word **tail)
{
	struct grub_part *part = grub_pool_new(parser->pool, struct grub_part);
	struct grub_lexer *lexer = parser->lexer;
	struct text text;

	if (!part)
		lexer->failed = -ENOMEM;
	if (!part || !enter(parser)) {
		parser->failed = true;
		return tail;
	}
	accept(parser);
	text.at = lexer->at;
	part->type = PART_BLOCK;
	part->line = lexer->line;
	if (!parse_list(parser))
		return tail;
	if (!next_is(parser, TOKEN_CLOSE)) {
		expected(parser, "a command or }");
		return tail;
	}
	text.len = (size_t)(parser->token.source.at - text.at);
	if (lexer->copy && grub_pool_text(parser->pool, text, &text))
		lexer->failed = -ENOMEM;
	part->text = text;
	parser->token.parts = part;
	leave(parser);
	return take_word(parser, tail);
}

static struct grub_node *parse_command(struct grub_parser *parser)
{
	struct grub_node *node = new_node(parser, NODE_COMMAND);
	struct grub_word **tail;
	struct text source;

	if (!node)
		return NULL;
	source = parser->token.source;
	tail = take_word(parser, &node->words);
	while (next_is(parser, TOKEN_WORD)) {
		source.len =
			(size_t)(parser->token.source.at - source.at) + parser->token.source.len;
		tail = take_word(parser, tail);
	}
	if (next_is(parser, TOKEN_OPEN)) {
		take_block(parser, tail);
		source.len = (size_t)(parser->lexer->at - source.at);
	}
	if (parser->lexer->copy && grub_pool_text(parser->pool, source, &source))
		parser->lexer->failed = -ENOMEM;
	node->source = source;
	return parser->failed ? NULL : node;
}

/* From behind `if` or `elif` up to the `then` and its commands. */
static bool parse_branch(struct grub_parser *parser, struct grub_node *node)
{
	node->condition = parse_list(parser);
	if (!node->condition)
		return false;
	if (!parser->delimited || !accept_keyword(parser, KEYWORD_THEN))
		return expected(parser, "; then") != NULL;
	node->body = parse_list(parser);
	if (!node->body)
		return false;
	return parser->delimited || expected(parser, "; or a new line") != NULL;
}

static struct grub_node *parse_if(struct grub_parser *parser)
{
	struct grub_node *node = new_node(parser, NODE_IF), *branch = node;

	if (!node || !enter(parser))
		return NULL;
	accept(parser);
	while (branch && parse_branch(parser, branch)) {
		if (accept_keyword(parser, KEYWORD_ELIF)) {
			branch->otherwise = new_node(parser, NODE_IF);
			branch = branch->otherwise;
			continue;
		}
		if (accept_keyword(parser, KEYWORD_ELSE)) {
			branch->otherwise = parse_list(parser);
			if (!branch->otherwise || !parser->delimited)
				return expected(parser, "; fi");
		}
		if (!next_is_keyword(parser, KEYWORD_FI))
			return expected(parser, "a command, elif, else or fi");
		accept(parser);
		leave(parser);
		return node;
	}
	return NULL;
}

/* do commands; done */
static struct grub_node *parse_loop_body(struct grub_parser *parser, struct grub_node *node)
{
	if (!parser->delimited || !accept_keyword(parser, KEYWORD_DO))
		return expected(parser, "; do");
	node->body = parse_list(parser);
	if (!node->body)
		return NULL;
	if (!parser->delimited || !next_is_keyword(parser, KEYWORD_DONE))
		return expected(parser, "a command or ; done");
	accept(parser);
	leave(parser);
	return node;
}

static struct grub_node *parse_for(struct grub_parser *parser)
{
	struct grub_node *node = new_node(parser, NODE_FOR);
	struct grub_word **tail;

	if (!node)
		return NULL;
	accept(parser);
	if (!next_is(parser, TOKEN_WORD) || !parser->token.name)
		return expected(parser, "the name of a variable");
	if (!enter(parser))
		return NULL;
	node->name = parser->token.parts->text;
	accept(parser);
	if (!accept_keyword(parser, KEYWORD_IN))
		return expected(parser, "in");
	tail = &node->words;
	while (next_is(parser, TOKEN_WORD))
		tail = take_word(parser, tail);
	parser->delimited = accept_delimiters(parser);
	return parse_loop_body(parser, node);
}

static struct grub_node *parse_while(struct grub_parser *parser, enum grub_node_type type)
{
	struct grub_node *node = new_node(parser, type);

	if (!node || !enter(parser))
		return NULL;
	accept(parser);
	node->condition = parse_list(parser);
	return node->condition ? parse_loop_body(parser, node) : NULL;
}

/* Can a command begin with this word? What is reserved for something else cannot. */
static bool begins_command(enum grub_keyword keyword)
{
	return keyword == KEYWORD_NONE || keyword == KEYWORD_IF || keyword == KEYWORD_FOR ||
	       keyword == KEYWORD_WHILE || keyword == KEYWORD_UNTIL;
}

static struct grub_node *parse_statement(struct grub_parser *parser)
{
	enum grub_keyword keyword;

	if (!next_is(parser, TOKEN_WORD) || !begins_command(parser->token.keyword))
		return expected(parser, "a command");
	keyword = parser->token.keyword;
	if (keyword == KEYWORD_IF)
		return parse_if(parser);
	if (keyword == KEYWORD_FOR)
		return parse_for(parser);
	if (keyword == KEYWORD_NONE)
		return parse_command(parser);
	return parse_while(parser, keyword == KEYWORD_WHILE ? NODE_WHILE : NODE_UNTIL);
}

/*
 * One command or more with ; or newlines between them. Those behind the last one are passed too;
 * parser->delimited tells whether there were any.
 */
static struct grub_node *parse_list(struct grub_parser *parser)
{
	struct grub_node *list = new_node(parser, NODE_LIST), **tail;

	if (!list)
		return NULL;
	tail = &list->first;
	skip_newlines(parser);
	do {
		parser->delimited = false;
		*tail = parse_statement(parser);
		if (!*tail)
			return NULL;
		tail = &(*tail)->next;
		parser->delimited = accept_delimiters(parser);
	} while (parser->delimited && next_is(parser, TOKEN_WORD) &&
		 begins_command(parser->token.keyword));
	return parser->failed ? NULL : list;
}

/* function name { commands; } - with a separator before the brace that a block does not need. */
static bool parse_function(struct grub_parser *parser)
{
	struct grub_node *body;
	struct text name;

	if (!next_is(parser, TOKEN_WORD) || !parser->token.name)
		return expected(parser, "the name of a function") != NULL;
	name = parser->token.parts->text;
	if (!enter(parser))
		return false;
	accept(parser);
	skip_newlines(parser);
	if (!next_is(parser, TOKEN_OPEN))
		return expected(parser, "{") != NULL;
	accept(parser);
	body = parse_list(parser);
	if (!body)
		return false;
	if (!parser->delimited || !next_is(parser, TOKEN_CLOSE))
		return expected(parser, "a command or ; }") != NULL;
	accept(parser);
	leave(parser);
	parser->define(parser->context, name, body);
	return true;
}

/* A function outlives its group: its words and tree go into the lasting pool. */
static bool parse_lasting_function(struct grub_parser *parser)
{
	struct grub_pool *pool = parser->pool;
	bool defined;

	accept(parser);
	parser->pool = parser->lasting;
	parser->lexer->pool = parser->lasting;
	defined = parse_function(parser);
	parser->pool = pool;
	parser->lexer->pool = pool;
	return defined;
}

bool grub_parse_group(struct grub_parser *parser, struct grub_node **ret)
{
	struct grub_node *list, **tail;

	*ret = NULL;
	parser->peeked = parser->failed = false;
	parser->depth = 0;
	skip_newlines(parser);
	list = new_node(parser, NODE_LIST);
	tail = list ? &list->first : NULL;
	while (tail && !next_is(parser, TOKEN_END)) {
		if (next_is_keyword(parser, KEYWORD_FUNCTION)) {
			parse_lasting_function(parser);
		} else {
			*tail = parse_statement(parser);
			tail = *tail ? &(*tail)->next : NULL;
		}
		if (!parser->failed && !accept_delimiters(parser))
			expected(parser, "; or a new line");
		if (parser->failed)
			tail = NULL;
	}
	if (list && list->first && !parser->failed)
		*ret = list;
	return !parser->failed;
}
