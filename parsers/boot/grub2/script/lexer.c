/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/script/lexer.h"

#include <errno.h>

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
static void grub_lexer_skip_dropped(struct grub_lexer *lexer)
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
static void grub_lexer_skip_unseen(struct grub_lexer *lexer)
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

static void grub_lexer_newline(struct grub_lexer *lexer)
{
	if (lexer->at < lexer->end) {
		lexer->at++;
		lexer->line++;
	}
	grub_lexer_skip_dropped(lexer);
}

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

/* ---- words: quotes, escapes, variables -------------------------------------------------- */

/* A word being read. */
struct word {
	struct grub_lexer *lexer;
	struct grub_part *first, *last;
	const char *from; /* where the text begins that is not yet a part */
	bool bad, plain;  /* plain: nothing but ordinary characters, in one piece */
};

static void add_part(struct word *word, enum grub_part_type type, struct text text)
{
	struct grub_lexer *lexer = word->lexer;
	struct grub_part *part = grub_pool_new(lexer->pool, struct grub_part);

	if (!part || (lexer->copy && grub_pool_text(lexer->pool, text, &text))) {
		lexer->failed = -ENOMEM;
		return;
	}
	part->type = type;
	part->text = text;
	if (word->last)
		word->last->next = part;
	else
		word->first = part;
	word->last = part;
}

/* Makes a part of what was read since word->from. */
static void flush(struct word *word, enum grub_part_type type)
{
	const char *at = word->lexer->at;

	if (at > word->from)
		add_part(word, type, (struct text){word->from, (size_t)(at - word->from)});
	word->from = at;
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The variable's name at the start: letters and digits, digits only, or one of ? # * @. */
static size_t name_length(struct text text)
{
	size_t n = 0;

	if (!text.len)
		return 0;
	if (strchr("?#*@", text.at[0]) && text.at[0])
		return 1;
	if (is_digit(text.at[0])) {
		while (n < text.len && is_digit(text.at[n]))
			n++;
		return n;
	}
	while (n < text.len && (is_alpha(text.at[n]) || (n && is_digit(text.at[n]))))
		n++;
	return n;
}

/* At a $: is it a variable? Passes it then, and adds its part. */
static bool variable(struct word *word, enum grub_part_type type)
{
	struct grub_lexer *lexer = word->lexer;
	struct text rest = {lexer->at + 1, (size_t)(lexer->end - lexer->at - 1)};
	bool braces = rest.len && rest.at[0] == '{';
	size_t length;

	if (braces)
		rest = text_skip(rest, 1);
	length = name_length(rest);
	if (!length || (braces && (length >= rest.len || rest.at[length] != '}')))
		return false;
	add_part(word, type, text_first(rest, length));
	lexer->at = rest.at + length + braces;
	word->from = lexer->at;
	return true;
}

/* Inside quotes, at a byte that needs a look: newline, CR, NUL. False: at the end of all. */
static bool pass_line_byte(struct word *word, enum grub_part_type type)
{
	struct grub_lexer *lexer = word->lexer;

	if (lexer->at >= lexer->end)
		return false;
	if (*lexer->at == '\n') {
		const char *newline = lexer->at;

		grub_lexer_newline(lexer);
		if (lexer->at == newline + 1)
			return true;
		/* Dropped lines follow: what stood before them is a part. */
		add_part(word, type, (struct text){word->from, (size_t)(newline + 1 - word->from)});
		word->from = lexer->at;
		return true;
	}
	if (lexer->source->from_file && (*lexer->at == '\r' || *lexer->at == '\0')) {
		flush(word, type);
		grub_lexer_skip_unseen(lexer);
		word->from = lexer->at;
		return true;
	}
	lexer->at++;
	return true;
}

static void unclosed(struct word *word, const char *message)
{
	word->bad = true;
	word->lexer->message = message;
	word->lexer->line_start = true;
}

static void single_quotes(struct word *word)
{
	struct grub_lexer *lexer = word->lexer;
	struct grub_part *before = word->last;

	word->from = ++lexer->at;
	while (lexer->at < lexer->end && *lexer->at != '\'') {
		if (!pass_line_byte(word, PART_QUOTED))
			break;
	}
	if (lexer->at >= lexer->end) {
		unclosed(word, "a single quote is not closed");
		return;
	}
	flush(word, PART_QUOTED);
	if (word->last == before)
		add_part(word, PART_QUOTED, (struct text){0});
	word->from = ++lexer->at;
}

/* At a backslash. Passes a line's end behind it (true): the two vanish. */
static bool continuation(struct word *word, enum grub_part_type type)
{
	struct grub_lexer *lexer = word->lexer;
	const char *backslash = lexer->at;

	lexer->at++;
	grub_lexer_skip_unseen(lexer);
	if (lexer->at < lexer->end && *lexer->at != '\n') {
		lexer->at = backslash;
		return false;
	}
	if (backslash > word->from)
		add_part(word, type, (struct text){word->from, (size_t)(backslash - word->from)});
	grub_lexer_newline(lexer);
	/* GRUB asks for the next line before it runs this one. */
	if (lexer->at >= lexer->end)
		unclosed(word, "a backslash at the end of the file");
	word->from = lexer->at;
	return true;
}

/* At a backslash in double quotes: only $ " \ and newline can be escaped. */
static void double_quoted_escape(struct word *word)
{
	struct grub_lexer *lexer = word->lexer;
	char next;

	if (continuation(word, PART_QUOTED))
		return;
	next = lexer->at[1];
	if (next == '$' || next == '"' || next == '\\') {
		flush(word, PART_QUOTED);
		word->from = lexer->at + 1;
	}
	lexer->at += 2;
}

static void double_quotes(struct word *word)
{
	struct grub_lexer *lexer = word->lexer;

	/* Even "" or "$nothing" is a word. */
	add_part(word, PART_QUOTED, (struct text){0});
	word->from = ++lexer->at;
	while (lexer->at < lexer->end && *lexer->at != '"') {
		if (*lexer->at == '\\') {
			double_quoted_escape(word);
		} else if (*lexer->at == '$') {
			flush(word, PART_QUOTED);
			if (!variable(word, PART_QUOTED_VAR)) {
				word->bad = true;
				lexer->message = "a $ that begins no variable";
				lexer->at++;
			}
		} else if (!pass_line_byte(word, PART_QUOTED)) {
			break;
		}
	}
	if (lexer->at >= lexer->end) {
		unclosed(word, "a double quote is not closed");
		return;
	}
	flush(word, PART_QUOTED);
	word->from = ++lexer->at;
}

/* Joins what single_quotes() and the like left in pieces behind `before`. */
static void join_parts(struct word *word, struct grub_part *before)
{
	struct grub_part *part, *first = before ? before->next : word->first;
	size_t length = 0, used = 0;
	char *joined;

	for (part = first; part; part = part->next)
		length += part->text.len;
	joined = grub_pool_alloc(word->lexer->pool, length + 1);
	if (!joined || !first) {
		word->lexer->failed = -ENOMEM;
		return;
	}
	for (part = first; part; part = part->next) {
		memcpy(joined + used, part->text.len ? part->text.at : "", part->text.len);
		used += part->text.len;
	}
	first->text = (struct text){joined, length};
	first->next = NULL;
	word->last = first;
}

/* $"...": the backslashes before anything but a quote or a line's end stay until translated. */
static void translated_quotes(struct word *word)
{
	struct grub_lexer *lexer = word->lexer;
	struct grub_part *before = word->last;

	add_part(word, PART_TRANSLATED, (struct text){0});
	lexer->at += 2;
	word->from = lexer->at;
	while (lexer->at < lexer->end && *lexer->at != '"') {
		if (*lexer->at != '\\') {
			if (!pass_line_byte(word, PART_TRANSLATED))
				break;
			continue;
		}
		if (continuation(word, PART_TRANSLATED))
			continue;
		if (lexer->at[1] == '"') {
			flush(word, PART_TRANSLATED);
			word->from = lexer->at + 1;
		}
		lexer->at += 2;
	}
	if (lexer->at >= lexer->end) {
		unclosed(word, "a double quote is not closed");
		return;
	}
	flush(word, PART_TRANSLATED);
	join_parts(word, before);
	word->from = ++lexer->at;
}

/* At a $ outside quotes. False: the word ends before it. */
static bool dollar(struct word *word)
{
	struct grub_lexer *lexer = word->lexer;

	flush(word, PART_TEXT);
	if (lexer->end - lexer->at > 1 && lexer->at[1] == '"') {
		translated_quotes(word);
		return true;
	}
	return variable(word, PART_VAR);
}

static bool special(struct word *word)
{
	struct grub_lexer *lexer = word->lexer;
	char c = *lexer->at;

	if (c == '\'') {
		flush(word, PART_TEXT);
		single_quotes(word);
	} else if (c == '"') {
		flush(word, PART_TEXT);
		double_quotes(word);
	} else if (c == '\\') {
		if (!continuation(word, PART_TEXT))
			lexer->at += 2;
	} else if (c != '$' || !dollar(word)) {
		return false;
	}
	word->plain = false;
	return true;
}

static const struct {
	struct text word;
	enum grub_keyword keyword;
} keywords[] = {
	{{"case", sizeof("case") - 1}, KEYWORD_CASE},
	{{"do", sizeof("do") - 1}, KEYWORD_DO},
	{{"done", sizeof("done") - 1}, KEYWORD_DONE},
	{{"elif", sizeof("elif") - 1}, KEYWORD_ELIF},
	{{"else", sizeof("else") - 1}, KEYWORD_ELSE},
	{{"esac", sizeof("esac") - 1}, KEYWORD_ESAC},
	{{"fi", sizeof("fi") - 1}, KEYWORD_FI},
	{{"for", sizeof("for") - 1}, KEYWORD_FOR},
	{{"function", sizeof("function") - 1}, KEYWORD_FUNCTION},
	{{"if", sizeof("if") - 1}, KEYWORD_IF},
	{{"in", sizeof("in") - 1}, KEYWORD_IN},
	{{"select", sizeof("select") - 1}, KEYWORD_SELECT},
	{{"then", sizeof("then") - 1}, KEYWORD_THEN},
	{{"until", sizeof("until") - 1}, KEYWORD_UNTIL},
	{{"while", sizeof("while") - 1}, KEYWORD_WHILE},
};

/* A plain word may be a keyword, a name, or a bracket that the grammar does not know. */
static void classify(struct text word, struct grub_token *ret)
{
	if (text_is(word, "[[") || text_is(word, "]]")) {
		ret->type = TOKEN_OTHER;
		return;
	}
	if (!is_alpha(word.at[0]))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (text_equal(word, keywords[i].word)) {
			ret->keyword = keywords[i].keyword;
			return;
		}
	}
	ret->name = name_length(word) == word.len;
}

/* Does the word end before this byte, or need a closer look at it? */
static bool is_meta(char c)
{
	static const bool meta[256] = {
		['{'] = true,
		['}'] = true,
		['|'] = true,
		['&'] = true,
		['$'] = true,
		[';'] = true,
		['<'] = true,
		['>'] = true,
		[' '] = true,
		['\t'] = true,
		['\n'] = true,
		['\''] = true,
		['"'] = true,
		['\\'] = true,
		['\r'] = true,
		['\0'] = true,
	};

	return meta[(unsigned char)c];
}

static void grub_lexer_word(struct grub_lexer *lexer, struct grub_token *ret)
{
	struct word word = {.lexer = lexer, .from = lexer->at, .plain = true};
	const char *start = lexer->at;

	ret->type = TOKEN_WORD;
	while (lexer->at < lexer->end) {
		if (!is_meta(*lexer->at)) {
			lexer->at++;
		} else if (*lexer->at == '\r' || *lexer->at == '\0') {
			flush(&word, PART_TEXT);
			grub_lexer_skip_unseen(lexer);
			word.from = lexer->at;
			/* Only a file has bytes that are not seen. */
			lexer->at += !lexer->source->from_file;
		} else if (!special(&word)) {
			break;
		}
	}
	flush(&word, PART_TEXT);
	ret->parts = word.first;
	if (lexer->at == start) {
		lexer->message = "a $ that begins no variable";
		lexer->at++;
		word.bad = true;
	}
	if (word.bad)
		ret->type = TOKEN_BAD;
	else if (word.plain && word.first && !word.first->next)
		classify(word.first->text, ret);
}

/* ---- tokens ----------------------------------------------------------------------------- */

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
