/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/regex/compile.h"

#include <ctype.h>

/*
 * Compiles while it parses: code of an operand is moved where a repetition must stand before it.
 * A count like {3,5} copies the operand's code.
 */

/* ---- code --------------------------------------------------------------------------------- */

/* Room for `count` more instructions. */
static bool grow(struct compile *c, uint32_t count)
{
	struct grub_regex *regex = c->regex;
	struct regex_code *code;
	uint32_t room = c->room ? c->room : 64;

	if (c->failed)
		return false;
	if (count > REGEX_MAX_CODE || regex->n_code + count > REGEX_MAX_CODE) {
		regex_fail(c, -E2BIG, "too long");
		return false;
	}
	while (room < regex->n_code + count)
		room *= 2;
	if (room == c->room)
		return true;
	code = grub_pool_alloc(c->pool, room * sizeof(*code));
	if (!code) {
		regex_fail(c, -ENOMEM, "no memory");
		return false;
	}
	memcpy(code, regex->code ? regex->code : code, regex->n_code * sizeof(*code));
	regex->code = code;
	c->room = room;
	return true;
}

void regex_emit(struct compile *c, enum regex_op op, uint32_t x, uint32_t y)
{
	if (grow(c, 1))
		c->regex->code[c->regex->n_code++] = (struct regex_code){op, x, y};
}

static void move_targets(struct regex_code *code, uint32_t from, uint32_t by)
{
	if ((code->op == REGEX_SPLIT || code->op == REGEX_JUMP) && code->x >= from)
		code->x += by;
	if (code->op == REGEX_SPLIT && code->y >= from)
		code->y += by;
}

/* Puts an instruction before those from `at` on. */
static void insert(struct compile *c, uint32_t at, enum regex_op op, uint32_t x, uint32_t y)
{
	struct regex_code *code;

	if (!grow(c, 1))
		return;
	code = c->regex->code;
	memmove(code + at + 1, code + at, (c->regex->n_code - at) * sizeof(*code));
	c->regex->n_code++;
	for (uint32_t i = at + 1; i < c->regex->n_code; i++)
		move_targets(&code[i], at, 1);
	code[at] = (struct regex_code){op, x, y};
}

/* One more copy of the code that stood in [from, from + length). */
static void copy(struct compile *c, const struct regex_code *from, uint32_t start, uint32_t length)
{
	uint32_t by;

	if (!grow(c, length))
		return;
	by = c->regex->n_code - start;
	for (uint32_t i = 0; i < length; i++) {
		struct regex_code code = from[i];

		if (code.op == REGEX_SPLIT || code.op == REGEX_JUMP)
			code.x += by;
		if (code.op == REGEX_SPLIT)
			code.y += by;
		c->regex->code[c->regex->n_code++] = code;
	}
}

/* ---- the grammar -------------------------------------------------------------------------- */

static void alternatives(struct compile *c);

/* A backslash and what follows: GNU's classes and places, or the byte itself. */
static void escaped(struct compile *c)
{
	struct regex_set set = {{0}};
	char letter;

	if (!regex_more(c)) {
		regex_fail(c, -EINVAL, "a backslash at the end");
		return;
	}
	letter = c->rest.at[0];
	c->rest = text_skip(c->rest, 1);
	if (letter == 'w' || letter == 'W') {
		regex_set_add_class(&set, TEXT("alnum"));
		regex_set_add(&set, '_');
		regex_emit_set(c, set, letter == 'W');
	} else if (letter == 's' || letter == 'S') {
		regex_set_add_class(&set, TEXT("space"));
		regex_emit_set(c, set, letter == 'S');
	} else if (strchr("bB<>", letter) && letter) {
		regex_emit(c, REGEX_AT, (unsigned char)letter, 0);
	} else if (letter == '`' || letter == '\'') {
		regex_emit(c, REGEX_AT, letter == '`' ? '^' : '$', 0);
	} else if (letter >= '1' && letter <= '9') {
		regex_fail(c, -EINVAL, "back references are not supported");
	} else {
		regex_emit(c, REGEX_CHAR, (unsigned char)letter, 0);
	}
}

static void group(struct compile *c)
{
	uint32_t number = ++c->regex->groups;

	if (c->depth >= REGEX_MAX_DEPTH || number >= REGEX_MAX_GROUPS) {
		regex_fail(c, -E2BIG, "too many parentheses");
		return;
	}
	c->depth++;
	regex_emit(c, REGEX_SAVE, number * 2, 0);
	alternatives(c);
	regex_emit(c, REGEX_SAVE, number * 2 + 1, 0);
	if (!regex_accept(c, ')'))
		regex_fail(c, -EINVAL, "a ( without its )");
	c->depth--;
}

static void operand(struct compile *c)
{
	char byte = c->rest.at[0];

	c->rest = text_skip(c->rest, 1);
	switch (byte) {
	case '(':
		group(c);
		break;
	case '[':
		regex_brackets(c);
		break;
	case '.':
		regex_emit(c, REGEX_ANY, 0, 0);
		break;
	case '^':
	case '$':
		regex_emit(c, REGEX_AT, (unsigned char)byte, 0);
		break;
	case '\\':
		escaped(c);
		break;
	case '*':
	case '+':
	case '?':
	case '{':
		regex_fail(c, -EINVAL, "nothing to repeat");
		break;
	default:
		regex_emit(c, REGEX_CHAR, (unsigned char)byte, 0);
		break;
	}
}

static void repeat_more(struct compile *c, uint32_t start)
{
	regex_emit(c, REGEX_SPLIT, start, c->regex->n_code + 1);
}

static void repeat_maybe(struct compile *c, uint32_t start)
{
	insert(c, start, REGEX_SPLIT, start + 1, c->regex->n_code + 1);
}

/* As (x+)?, so that a group which matches nothing at all is still set. */
static void repeat_any(struct compile *c, uint32_t start)
{
	repeat_more(c, start);
	repeat_maybe(c, start);
}

static uint32_t bound(struct compile *c)
{
	uint32_t value = 0;

	while (regex_more(c) && isdigit((unsigned char)c->rest.at[0])) {
		value = value * 10 + (uint32_t)(c->rest.at[0] - '0');
		if (value > REGEX_MAX_CODE)
			value = REGEX_MAX_CODE + 1;
		c->rest = text_skip(c->rest, 1);
	}
	return value;
}

/* {n}, {n,}, {n,m}: the operand's code again and again. */
static void repeat_counted(struct compile *c, uint32_t start)
{
	bool has_min = regex_more(c) && isdigit((unsigned char)c->rest.at[0]), open = false;
	uint32_t length = c->regex->n_code - start, min = bound(c), max = min;
	struct regex_code *original;

	if (regex_accept(c, ',')) {
		open = regex_next_is(c, '}');
		max = bound(c);
	} else if (!has_min) {
		regex_fail(c, -EINVAL, "a { without a number");
	}
	if (!regex_accept(c, '}') || (!open && max < min))
		regex_fail(c, -EINVAL, "a { that is no count");
	original = grub_pool_alloc(c->pool, (length + 1) * sizeof(*original));
	if (!original || c->failed) {
		regex_fail(c, -ENOMEM, "no memory");
		return;
	}
	memcpy(original, c->regex->code + start, length * sizeof(*original));
	c->regex->n_code = start;
	for (uint32_t i = 0; i < min && !c->failed; i++)
		copy(c, original, start, length);
	for (uint32_t i = min; (open || i < max) && !c->failed; i++) {
		uint32_t at = c->regex->n_code;

		copy(c, original, start, length);
		if (open) {
			repeat_any(c, at);
			break;
		}
		repeat_maybe(c, at);
	}
}

static void repeated(struct compile *c)
{
	uint32_t start = c->regex->n_code;

	operand(c);
	for (;;) {
		if (regex_accept(c, '*')) {
			repeat_any(c, start);
		} else if (regex_accept(c, '?')) {
			repeat_maybe(c, start);
		} else if (regex_accept(c, '+')) {
			repeat_more(c, start);
		} else if (regex_accept(c, '{')) {
			repeat_counted(c, start);
		} else {
			return;
		}
	}
}

static void alternative(struct compile *c)
{
	while (regex_more(c) && !regex_next_is(c, '|') && !(regex_next_is(c, ')') && c->depth))
		repeated(c);
}

/*
 * Each but the last begins with a split to the next one and ends with a jump behind them all;
 * until that place is known the jumps are a chain through y.
 */
static void alternatives(struct compile *c)
{
	uint32_t start = c->regex->n_code, chain = 0, jump;

	alternative(c);
	while (regex_accept(c, '|')) {
		insert(c, start, REGEX_SPLIT, start + 1, c->regex->n_code + 2);
		jump = c->regex->n_code;
		regex_emit(c, REGEX_JUMP, 0, chain);
		chain = jump;
		start = c->regex->n_code;
		alternative(c);
	}
	while (chain && !c->failed) {
		struct regex_code *code = &c->regex->code[chain];

		chain = code->y;
		code->x = c->regex->n_code;
		code->y = 0;
	}
}

int grub_regex_compile(
	struct grub_pool *pool, struct text pattern, struct grub_regex *ret, const char **why)
{
	struct compile c = {.pool = pool, .regex = ret, .rest = pattern};

	*ret = (struct grub_regex){0};
	regex_emit(&c, REGEX_SAVE, 0, 0);
	alternatives(&c);
	regex_emit(&c, REGEX_SAVE, 1, 0);
	regex_emit(&c, REGEX_MATCH, 0, 0);
	*why = c.why;
	return c.failed;
}
