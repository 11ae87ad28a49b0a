/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands on variables, arguments and control flow: set, export, shift, break, return, eval. */
#include "parsers/boot/grub2/commands/commands.h"

#include "parsers/boot/grub2/script/number.h"

#include <stdio.h>

/* The one variable that NAME=$variable is made of; empty: it is made otherwise. */
static struct text copied_variable(const struct grub_word *word, struct text name)
{
	const struct grub_part *part = word ? word->parts : NULL;
	struct text variable = {0};

	if (!part || part->type != PART_TEXT || part->text.len != name.len + 1 ||
		!text_starts(part->text, name))
		return variable;
	for (part = part->next; part; part = part->next) {
		if (part->type == PART_QUOTED && !part->text.len)
			continue;
		if ((part->type != PART_VAR && part->type != PART_QUOTED_VAR) || variable.len)
			return (struct text){0};
		variable = part->text;
	}
	return variable;
}

int grub_assign(struct grub *g, struct text name, struct text value, const struct grub_word *word)
{
	struct grub_origin origin = {.file = g->source->file, .line = g->line};
	struct text variable = copied_variable(word, name);
	const struct grub_var *from = variable.len ? grub_var_find(g, variable) : NULL;

	if (from && from->value.len && from->origin.variable.len)
		origin = from->origin;
	return grub_var_set_from(g, name, value, origin);
}

int grub_cmd_set(struct grub *g, const struct grub_call *call)
{
	size_t equals;

	if (!call->count)
		return GRUB_OK;
	equals = text_find(call->args[0], '=');
	if (equals == call->args[0].len) {
		grub_warn(g, "set: not an assignment: \"%.*s\"",
			TEXT_ARG(text_first(call->args[0], 200)));
		return GRUB_BAD_ARGUMENT;
	}
	return grub_assign(g, text_first(call->args[0], equals),
		text_skip(call->args[0], equals + 1), call->node ? call->node->words->next : NULL);
}

int grub_cmd_unset(struct grub *g, const struct grub_call *call)
{
	if (!call->count)
		return GRUB_BAD_ARGUMENT;
	grub_var_unset(g, call->args[0]);
	return GRUB_OK;
}

int grub_cmd_export(struct grub *g, const struct grub_call *call)
{
	if (!call->count)
		return GRUB_BAD_ARGUMENT;
	for (uint32_t i = 0; i < call->count; i++) {
		if (grub_var_export(g, call->args[i]))
			return GRUB_OUT_OF_MEMORY;
	}
	return GRUB_OK;
}

/* Fedora's boot counters, counted in memory; upstream's GRUB does not know these commands. */
int grub_cmd_increment(struct grub *g, const struct grub_call *call)
{
	const struct grub_var *var;
	char digits[24];
	int64_t value;

	if (!g->fedora) {
		grub_warn(g, "unknown command \"%.*s\"", TEXT_ARG(call->name));
		return GRUB_OK;
	}
	if (call->count != 1)
		return GRUB_BAD_ARGUMENT;
	var = grub_var_find(g, call->args[0]);
	if (!var)
		return GRUB_NOT_FOUND;
	if (!grub_signed_number(var->value, &value))
		return GRUB_BAD_NUMBER;
	grub_note(g, "%.*s is counted in memory only", TEXT_ARG(text_first(call->args[0], 80)));
	if (text_is(call->name, "increment"))
		__builtin_add_overflow(value, 1, &value);
	else
		__builtin_sub_overflow(value, 1, &value);
	snprintf(digits, sizeof(digits), "%lld", (long long)value);
	return grub_var_set(g, call->args[0], text_of(digits));
}

/* Nobody types: the line is empty. */
int grub_cmd_read(struct grub *g, const struct grub_call *call)
{
	for (uint32_t i = 0; i < call->count; i++) {
		if (!text_starts(call->args[i], TEXT("-")))
			return grub_var_set(g, call->args[i], (struct text){0});
	}
	return GRUB_OK;
}

/* break and continue */
int grub_cmd_break(struct grub *g, const struct grub_call *call)
{
	struct text rest = {0};
	uint64_t count = 1;

	if (call->count > 1)
		return GRUB_BAD_ARGUMENT;
	if (call->count && !grub_number(call->args[0], 10, &count, &rest))
		return GRUB_BAD_NUMBER;
	if (rest.len || !count)
		return GRUB_BAD_ARGUMENT;
	g->continuing = call->name.at[0] == 'c';
	g->breaks = count < g->loop_depth ? (uint32_t)count : g->loop_depth;
	return GRUB_OK;
}

int grub_cmd_shift(struct grub *g, const struct grub_call *call)
{
	uint64_t count = 1;

	if (!g->scope)
		return GRUB_OK;
	if (call->count > 1 || (call->count && !grub_whole_number(call->args[0], 10, &count)) ||
		count > g->scope->count)
		return GRUB_BAD_ARGUMENT;
	g->scope->args += count;
	g->scope->count -= (uint32_t)count;
	return GRUB_OK;
}

int grub_cmd_setparams(struct grub *g, const struct grub_call *call)
{
	struct text *owned;
	size_t bytes = 0;
	char *at;

	if (!g->scope)
		return GRUB_INVALID_COMMAND;
	for (uint32_t i = 0; i < call->count; i++)
		bytes += call->args[i].len + 1;
	/* One piece of memory: the array, and the texts behind it. */
	owned = arena_alloc(g->files->arena, call->count * sizeof(*owned) + bytes + 1);
	if (!owned)
		return grub_no_memory(g);
	at = (char *)(owned + call->count);
	for (uint32_t i = 0; i < call->count; i++) {
		owned[i] = (struct text){at, call->args[i].len};
		memcpy(at, call->args[i].len ? call->args[i].at : "", call->args[i].len);
		at += call->args[i].len + 1;
	}
	arena_release(g->files->arena, g->scope->owned);
	g->scope->owned = g->scope->args = owned;
	g->scope->count = call->count;
	return GRUB_OK;
}

int grub_cmd_return(struct grub *g, const struct grub_call *call)
{
	uint64_t status = (uint64_t)(unsigned)g->status;

	if (!g->scope || call->count > 1)
		return GRUB_BAD_ARGUMENT;
	if (call->count && !grub_whole_number(call->args[0], 10, &status))
		return GRUB_BAD_ARGUMENT;
	g->returning = true;
	return (int)(status & 0x7fffffff);
}

int grub_cmd_eval(struct grub *g, const struct grub_call *call)
{
	struct grub_text script = {.line = g->line, .file = g->source->file};
	struct text *joined = &script.text;
	size_t bytes = 0;
	char *at;
	int r;

	for (uint32_t i = 0; i < call->count; i++)
		bytes += call->args[i].len + 1;
	at = grub_pool_alloc(&g->scratch, bytes + 1);
	if (!at)
		return grub_no_memory(g);
	joined->at = at;
	for (uint32_t i = 0; i < call->count; i++) {
		memcpy(at + joined->len, call->args[i].len ? call->args[i].at : "",
			call->args[i].len);
		joined->len += call->args[i].len;
		if (i + 1 < call->count)
			at[joined->len++] = ' ';
	}
	r = grub_run_text(g, &script);
	/* Upstream's GRUB runs the empty rest behind a last newline too, and that succeeds. */
	if (!g->fedora && joined->len && joined->at[joined->len - 1] == '\n')
		r = GRUB_OK;
	return r;
}
