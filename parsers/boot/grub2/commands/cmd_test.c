/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command test, also called [. */
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/commands/device.h"
#include "parsers/boot/grub2/script/number.h"

enum { MAX_PARENTHESES = 64 }; /* inside each other */

struct expression {
	struct grub *g;
	const struct text *args;
	uint32_t count, at;
	uint32_t depth;
};

static bool word_is(const struct expression *e, const char *word)
{
	return text_is(e->args[e->at], word);
}

/* ---- strings and numbers ------------------------------------------------------------------ */

/* What is no number counts as 0. */
static int64_t number(struct text text)
{
	int64_t value;

	return grub_signed_number(text, &value) ? value : 0;
}

static uint64_t unsigned_number(struct text text)
{
	struct text rest;
	uint64_t value;

	return grub_number(text, 0, &value, &rest) ? value : 0;
}

/* -pgt and -plt: the numbers behind what both have in common, "vmlinuz-2" and "vmlinuz-11". */
static int compare_behind_prefix(struct text a, struct text b)
{
	uint64_t left, right;
	size_t n = 0;

	while (n < a.len && n < b.len && a.at[n] == b.at[n])
		n++;
	while (n > 1 && a.at[n - 1] >= '0' && a.at[n - 1] <= '9')
		n--;
	left = unsigned_number(text_skip(a, n));
	right = unsigned_number(text_skip(b, n));
	return (left > right) - (left < right);
}

/* ---- files -------------------------------------------------------------------------------- */

static bool stat_file(struct expression *e, struct text name, struct file_stat *stat)
{
	const struct volume_info *volume;
	struct text path, copy;
	size_t close = name.len && name.at[0] == '(' ? text_find(name, ')') + 1 : 0;

	if (close && close >= name.len) {
		/* The device alone is its root folder. */
		volume = grub_device_find(e->g, text_skip(text_first(name, close - 1), 1));
		*stat = (struct file_stat){.type = FILE_FOLDER};
		return close == name.len && volume && volume->readable;
	}
	/* A name without any slash is looked for in the root folder. */
	if (text_find(text_skip(name, close), '/') == name.len - close) {
		if (arena_printf(e->g->files->arena, &copy, "%.*s/%.*s",
			    TEXT_ARG(text_first(name, close)), TEXT_ARG(text_skip(name, close))))
			return false;
		name = copy;
	}
	if (grub_file_locate(e->g, name, &volume, &path, NULL))
		return false;
	return e->g->files->ops->stat(e->g->files, volume, path, stat) == 0;
}

static bool file_test(struct expression *e, char operator, struct text name)
{
	struct file_stat stat;
	bool there = stat_file(e, name, &stat);

	switch (operator) {
	case 'd':
		return there && stat.type == FILE_FOLDER;
	case 'e':
		return there;
	case 'f':
		return there && stat.type != FILE_FOLDER;
	default:
		return there && stat.type == FILE_REGULAR && stat.size > 0;
	}
}

/* -nt and -ot, with seconds to be added to the first file's time: -nt5, -ot-5. */
static bool compare_times(struct expression *e, bool newer, struct text bias)
{
	struct file_stat a, b;
	bool has_a = stat_file(e, e->args[e->at], &a);
	bool has_b = stat_file(e, e->args[e->at + 2], &b);
	int64_t time;

	if (!has_a || !has_b)
		return newer ? has_a && !has_b : !has_a && has_b;
	if (__builtin_add_overflow(a.mtime_s, (int32_t)number(bias), &time))
		return false;
	return newer ? time > b.mtime_s : time < b.mtime_s;
}

/* ---- the operators ------------------------------------------------------------------------ */

/* a OP b. False: OP is no operator. */
static bool binary(struct expression *e, bool *ret)
{
	struct text a = e->args[e->at], op = e->args[e->at + 1], b = e->args[e->at + 2];

	if (text_is(op, "=") || text_is(op, "=="))
		*ret = text_equal(a, b);
	else if (text_is(op, "!="))
		*ret = !text_equal(a, b);
	else if (text_is(op, "<"))
		*ret = text_compare(a, b) < 0;
	else if (text_is(op, "<="))
		*ret = text_compare(a, b) <= 0;
	else if (text_is(op, ">"))
		*ret = text_compare(a, b) > 0;
	else if (text_is(op, ">="))
		*ret = text_compare(a, b) >= 0;
	else if (text_is(op, "-eq"))
		*ret = number(a) == number(b);
	else if (text_is(op, "-ne"))
		*ret = number(a) != number(b);
	else if (text_is(op, "-lt"))
		*ret = number(a) < number(b);
	else if (text_is(op, "-le"))
		*ret = number(a) <= number(b);
	else if (text_is(op, "-gt"))
		*ret = number(a) > number(b);
	else if (text_is(op, "-ge"))
		*ret = number(a) >= number(b);
	else if (text_is(op, "-pgt"))
		*ret = compare_behind_prefix(a, b) > 0;
	else if (text_is(op, "-plt"))
		*ret = compare_behind_prefix(a, b) < 0;
	else if (text_starts(op, TEXT("-nt")) || text_starts(op, TEXT("-ot")))
		*ret = compare_times(e, op.at[1] == 'n', text_skip(op, 3));
	else
		return false;
	e->at += 3;
	return true;
}

/* -OP a. False: it is none. */
static bool unary(struct expression *e, bool *ret)
{
	struct text op = e->args[e->at], a = e->args[e->at + 1];

	if (op.len != 2 || op.at[0] != '-' || !strchr("defsnz", op.at[1]))
		return false;
	if (op.at[1] == 'n')
		*ret = a.len > 0;
	else if (op.at[1] == 'z')
		*ret = a.len == 0;
	else
		*ret = file_test(e, op.at[1], a);
	e->at += 2;
	return true;
}

static bool evaluate(struct expression *e);

/* What is neither an operator nor a connection: parentheses, or a string that is not empty. */
static bool operand(struct expression *e)
{
	bool value;

	if (e->count - e->at > 1 && unary(e, &value))
		return value;
	if (!word_is(e, "(") || e->depth >= MAX_PARENTHESES)
		return e->args[e->at++].len > 0;
	e->at++;
	e->depth++;
	value = evaluate(e);
	e->depth--;
	return value;
}

/*
 * From left to right up to a closing parenthesis: operands without -o between them must all be
 * true, -a need not be written.
 */
static bool evaluate(struct expression *e)
{
	bool any = false, all = true, invert = false, value;

	while (e->at < e->count && grub_step(e->g, 1)) {
		if (e->count - e->at > 2 && binary(e, &value)) {
			all = all && value != invert;
			invert = false;
		} else if (word_is(e, ")")) {
			e->at++;
			break;
		} else if (word_is(e, "!")) {
			invert = !invert;
			e->at++;
		} else if (word_is(e, "-a")) {
			e->at++;
		} else if (word_is(e, "-o")) {
			any = any || all;
			all = true;
			e->at++;
		} else {
			value = operand(e);
			all = all && value != invert;
			invert = false;
		}
	}
	return any || all;
}

int grub_cmd_test(struct grub *g, const struct grub_call *call)
{
	struct expression e = {.g = g, .args = call->args, .count = call->count};

	if (e.count && text_is(e.args[e.count - 1], "]"))
		e.count--;
	return evaluate(&e) ? GRUB_OK : GRUB_FALSE;
}
