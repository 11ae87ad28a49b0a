/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words to arguments: variables, splitting, escapes. */
#include "parsers/boot/grub2/script/interp.h"

#include <stdio.h>

/*
 * The word being built stands in g->word, escaped: a backslash before a literal * ? or \ (and
 * before whatever the script itself escaped). Only then is it known which * and ? are wildcards.
 */
struct expansion {
	struct grub *g;
	struct text *at;
	uint32_t count, room;
	bool present;  /* the current word exists, be it empty */
	bool wildcard; /* it has a * or ? that is not escaped */
	bool escapes;  /* it has a backslash */
	int failed;
};

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool grub_is_hex_escape(const struct grub *g, struct text text)
{
	return g->fedora && text.len >= 4 && text.at[0] == '\\' && text.at[1] == 'x' &&
	       is_hex(text.at[2]) && is_hex(text.at[3]);
}

static void push(struct expansion *e, struct text word)
{
	struct text *at;
	uint32_t room;

	if (e->count == e->room) {
		room = e->room ? e->room * 2 : 8;
		at = grub_pool_alloc(&e->g->scratch, room * sizeof(*at));
		if (!at) {
			e->failed = grub_no_memory(e->g);
			return;
		}
		memcpy(at, e->at ? e->at : at, e->count * sizeof(*at));
		e->at = at;
		e->room = room;
	}
	e->at[e->count++] = word;
}

static void push_copy(struct expansion *e, struct text word)
{
	struct text copy;

	if (grub_pool_text(&e->g->scratch, word, &copy))
		e->failed = grub_no_memory(e->g);
	else
		push(e, copy);
}

/* Takes the escapes out, in place. */
static struct text unescape(struct grub *g, struct text word, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < word.len; i++) {
		if (grub_is_hex_escape(g, text_skip(word, i))) {
			memmove(out + n, word.at + i, 4);
			n += 4;
			i += 3;
			continue;
		}
		if (word.at[i] == '\\' && ++i == word.len)
			break;
		out[n++] = word.at[i];
	}
	return (struct text){out, n};
}

static void push_matches(struct expansion *e, struct text word)
{
	struct text *matches = NULL, pattern;
	uint32_t count = 0;

	if (grub_pool_text(&e->g->scratch, word, &pattern) ||
		grub_glob(e->g, pattern, &matches, &count)) {
		e->failed = grub_no_memory(e->g);
		return;
	}
	for (uint32_t i = 0; i < count && !e->failed; i++)
		push(e, matches[i]);
	if (!count)
		push_copy(e, unescape(e->g, strbuf_text(&e->g->word), e->g->word.at));
}

/* The current word is complete, if there is one. */
static void end_word(struct expansion *e)
{
	struct strbuf *buf = &e->g->word;
	struct text word = strbuf_text(buf);

	if (e->present && !e->failed) {
		if (buf->failed)
			e->failed = grub_no_memory(e->g);
		else if (e->wildcard && e->g->wildcards && word.len && strchr("/(*", word.at[0]))
			push_matches(e, word);
		else if (e->escapes)
			push_copy(e, unescape(e->g, word, buf->at));
		else
			push_copy(e, word);
	}
	strbuf_cut(buf, 0);
	e->present = e->wildcard = e->escapes = false;
}

/* How many bytes at the start need no look: neither wildcards nor backslashes. */
static size_t plain_length(struct text text)
{
	size_t n = 0;

	while (n < text.len && text.at[n] != '*' && text.at[n] != '?' && text.at[n] != '\\')
		n++;
	return n;
}

/* Text in which no character means anything. */
static void add_literal(struct expansion *e, struct text text)
{
	struct strbuf *buf = &e->g->word;
	size_t n;

	e->present = true;
	for (;;) {
		n = plain_length(text);
		strbuf_add(buf, text_first(text, n));
		text = text_skip(text, n);
		if (!text.len)
			return;
		if (!grub_is_hex_escape(e->g, text)) {
			strbuf_addc(buf, '\\');
			e->escapes = true;
		}
		strbuf_addc(buf, text.at[0]);
		text = text_skip(text, 1);
	}
}

static void add_unquoted(struct expansion *e, struct text text)
{
	strbuf_add(&e->g->word, text);
	e->present |= text.len > 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\\') {
			e->escapes = true;
			i++;
		} else if (text.at[i] == '*' || text.at[i] == '?') {
			e->wildcard = true;
		}
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The value of an unquoted variable: a backslash in it is one, * and ? are wildcards. */
static void add_value(struct expansion *e, struct text value)
{
	struct strbuf *buf = &e->g->word;
	size_t n;

	e->present = true;
	for (;;) {
		n = plain_length(value);
		strbuf_add(buf, text_first(value, n));
		value = text_skip(value, n);
		if (!value.len)
			return;
		if (value.at[0] != '\\') {
			e->wildcard = true;
			strbuf_addc(buf, value.at[0]);
		} else {
			e->escapes = true;
			strbuf_adds(buf, "\\\\");
			if (value.len > 1 && (value.at[1] == '*' || value.at[1] == '?')) {
				/* Behind a backslash they mean nothing. */
				strbuf_addc(buf, '\\');
				value = text_skip(value, 1);
				strbuf_addc(buf, value.at[0]);
			}
		}
		value = text_skip(value, 1);
	}
}

/* The same cut at blanks; text before and behind sticks to the first and last piece. */
static void add_split(struct expansion *e, struct text value)
{
	bool first = true;
	size_t n;

	while (value.len && !e->failed) {
		for (n = 0; n < value.len && is_blank(value.at[n]); n++)
			;
		value = text_skip(value, n);
		for (n = 0; n < value.len && !is_blank(value.at[n]); n++)
			;
		if (!n)
			return;
		if (!first)
			end_word(e);
		first = false;
		add_value(e, text_first(value, n));
		value = text_skip(value, n);
	}
}

static void add_one(struct expansion *e, struct text value, bool quoted)
{
	if (!grub_step(e->g, value.len / 64))
		e->failed = GRUB_OUT_OF_MEMORY;
	else if (quoted)
		add_literal(e, value);
	else
		add_split(e, value);
}

static bool has_word(struct text value)
{
	size_t n = 0;

	while (n < value.len && is_blank(value.at[n]))
		n++;
	return n < value.len;
}

/* $* and $@ */
static void add_all(struct expansion *e, bool quoted, bool joined)
{
	const struct grub_scope *scope = e->g->scope;
	bool begun = false; /* something stands before the argument */

	for (uint32_t i = 0; scope && i < scope->count && !e->failed; i++) {
		/* Without quotes an argument of blanks is no word, and ends none. */
		if (!quoted && !has_word(scope->args[i]))
			continue;
		if (begun && quoted && joined)
			add_literal(e, TEXT(" "));
		else if (begun)
			end_word(e);
		add_one(e, scope->args[i], quoted);
		begun = true;
	}
}

static void add_number(struct expansion *e, long number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%ld", number);
	add_literal(e, text_of(digits));
}

static void add_variable(struct expansion *e, struct text name, bool quoted)
{
	const struct grub_scope *scope = e->g->scope;
	const struct grub_var *var;
	uint64_t number;

	if (text_is(name, "*") || text_is(name, "@")) {
		add_all(e, quoted, name.at[0] == '*');
	} else if (text_is(name, "?")) {
		if (e->g->has_status)
			add_number(e, e->g->status);
	} else if (text_is(name, "#")) {
		if (scope)
			add_number(e, scope->count);
	} else if (name.at[0] >= '0' && name.at[0] <= '9') {
		if (scope && text_number(name, &number) && number && number <= scope->count)
			add_one(e, scope->args[number - 1], quoted);
	} else {
		var = grub_var_find(e->g, name);
		if (var && var->value.len)
			add_one(e, var->value, quoted);
	}
}

static size_t translated_name(struct text text)
{
	size_t n = 0;

	while (n < text.len && (text.at[n] == '_' || (text.at[n] >= '0' && text.at[n] <= '9') ||
				       ((text.at[n] | 0x20) >= 'a' && (text.at[n] | 0x20) <= 'z')))
		n++;
	return n;
}

/* A $ inside $"...": arguments by number are not known there. Returns the bytes passed. */
static size_t add_translated_variable(struct expansion *e, struct text text)
{
	struct text name = text_skip(text, 1);
	size_t passed;

	if (name.len && name.at[0] == '{') {
		name = text_skip(name, 1);
		name.len = text_find(name, '}');
		passed = name.len + 3;
	} else if (name.len && (name.at[0] == '?' || name.at[0] == '#')) {
		name.len = 1;
		passed = 2;
	} else {
		name.len = translated_name(name);
		passed = name.len + 1;
	}
	if (passed == 1)
		add_literal(e, TEXT("$"));
	else if (name.len && !(name.at[0] >= '0' && name.at[0] <= '9') && !text_is(name, "*") &&
		 !text_is(name, "@"))
		add_variable(e, name, true);
	return passed;
}

static void add_translated(struct expansion *e, struct text text)
{
	e->present = true;
	while (text.len && !e->failed) {
		size_t n = 1;

		if (text.at[0] == '$') {
			n = add_translated_variable(e, text);
		} else if (text.at[0] == '\\' && text.len > 1 && !grub_is_hex_escape(e->g, text) &&
			   (text.at[1] == '\\' || text.at[1] == '$')) {
			add_literal(e, (struct text){text.at + 1, 1});
			n = 2;
		} else {
			add_literal(e, text_first(text, 1));
		}
		text = text_skip(text, n);
	}
}

static void add_block(struct expansion *e, struct text text)
{
	add_literal(e, TEXT("{"));
	add_literal(e, text);
	add_literal(e, TEXT("}"));
}

static void add_part(struct expansion *e, const struct grub_part *part)
{
	switch (part->type) {
	case PART_TEXT:
		add_unquoted(e, part->text);
		break;
	case PART_QUOTED:
		add_literal(e, part->text);
		break;
	case PART_TRANSLATED:
		add_translated(e, part->text);
		break;
	case PART_VAR:
	case PART_QUOTED_VAR:
		add_variable(e, part->text, part->type == PART_QUOTED_VAR);
		break;
	case PART_BLOCK:
		add_block(e, part->text);
		break;
	}
}

/* A word of one plain piece is used as it stands. */
static bool is_plain(const struct grub_part *part)
{
	if (!part || part->next || (part->type != PART_TEXT && part->type != PART_QUOTED))
		return false;
	if (part->type == PART_QUOTED)
		return true;
	for (size_t i = 0; i < part->text.len; i++) {
		if (strchr("\\*?", part->text.at[i]))
			return false;
	}
	return part->text.len > 0;
}

int grub_expand(struct grub *g, const struct grub_word *words, struct grub_argv *ret)
{
	struct expansion e = {.g = g};

	*ret = (struct grub_argv){0};
	for (; words && !e.failed; words = words->next) {
		const struct grub_part *part = words->parts;

		if (!grub_step(g, 1))
			return GRUB_OUT_OF_MEMORY;
		if (is_plain(part)) {
			push(&e, part->text);
			continue;
		}
		if (part && part->type == PART_BLOCK) {
			/* Few commands look at its text, and it may be long. */
			ret->block = part;
			continue;
		}
		for (; part && !e.failed; part = part->next)
			add_part(&e, part);
		end_word(&e);
	}
	ret->at = e.at;
	ret->count = e.count;
	return e.failed;
}
