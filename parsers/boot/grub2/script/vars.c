/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/script/interp.h"

#include "core/hash.h"

/* A variable as it was before the first change after a mark. */
struct grub_undo {
	struct grub_undo *next;
	struct grub_var *var;
	struct grub_var before;
};

static void free_text(struct grub *g, struct text text)
{
	union {
		const char *borrowed;
		char *owned;
	} at = {text.at};

	arena_release(g->files->arena, at.owned);
}

static uint32_t hash_of(struct text name)
{
	uint64_t hash = hash_bytes(HASH_START, name);

	return (uint32_t)(hash ^ hash >> 32);
}

static struct grub_var *lookup(const struct grub_vars *vars, struct text name, uint32_t hash)
{
	struct grub_var *var = vars->room ? vars->buckets[hash & (vars->room - 1)] : NULL;

	while (var && (var->hash != hash || !text_equal(var->name, name)))
		var = var->chain;
	return var;
}

const struct grub_var *grub_var_find(const struct grub *g, struct text name)
{
	const struct grub_var *var = lookup(g->vars, name, hash_of(name));

	return var && var->set ? var : NULL;
}

struct text grub_var_get(const struct grub *g, const char *name)
{
	const struct grub_var *var = grub_var_find(g, text_of(name));

	return var ? var->value : (struct text){0};
}

static int grow(struct grub *g, struct grub_vars *vars)
{
	uint32_t room = vars->room ? vars->room * 2 : 64;
	struct grub_var **buckets;

	if (vars->count < vars->room)
		return GRUB_OK;
	buckets = arena_array(g->files->arena, room, sizeof(struct grub_var *));
	if (!buckets)
		return grub_no_memory(g);
	for (uint32_t i = 0; i < vars->room; i++) {
		while (vars->buckets[i]) {
			struct grub_var *var = vars->buckets[i];

			vars->buckets[i] = var->chain;
			var->chain = buckets[var->hash & (room - 1)];
			buckets[var->hash & (room - 1)] = var;
		}
	}
	arena_release(g->files->arena, vars->buckets);
	vars->buckets = buckets;
	vars->room = room;
	return GRUB_OK;
}

/* The variable, made where it is not there yet; NULL: no memory. */
static struct grub_var *make(struct grub *g, struct text name)
{
	uint32_t hash = hash_of(name);
	struct grub_var *var = lookup(g->vars, name, hash);

	if (var)
		return var;
	if (grow(g, g->vars))
		return NULL;
	var = arena_new(g->files->arena, struct grub_var);
	if (!var || arena_text(g->files->arena, name, &var->name)) {
		grub_no_memory(g);
		return NULL;
	}
	var->hash = hash;
	/* Before the mark it was not there: whoever goes back must see that. */
	var->level = g->vars->level;
	var->chain = g->vars->buckets[hash & (g->vars->room - 1)];
	g->vars->buckets[hash & (g->vars->room - 1)] = var;
	g->vars->count++;
	return var;
}

/*
 * Must be called before a variable changes: the first time after a mark its old state goes onto
 * the undo list, with its value; later the value in between is of no use to anyone.
 */
static int before_change(struct grub *g, struct grub_var *var, bool new_value)
{
	struct grub_undo *undo;

	if (var->level >= g->level) {
		if (new_value)
			free_text(g, var->value);
		return GRUB_OK;
	}
	undo = arena_new(g->files->arena, struct grub_undo);
	if (!undo)
		return grub_no_memory(g);
	undo->var = var;
	undo->before = *var;
	undo->next = g->undo;
	g->undo = undo;
	var->level = g->level;
	/* The old value is the undo list's now: what stays must be a copy of its own. */
	if (!new_value && arena_text(g->files->arena, var->value, &var->value))
		return grub_no_memory(g);
	return GRUB_OK;
}

static struct text without_parentheses(struct text value)
{
	if (value.len < 2 || value.at[0] != '(' || value.at[value.len - 1] != ')')
		return value;
	return (struct text){value.at + 1, value.len - 2};
}

int grub_var_set_from(
	struct grub *g, struct text name, struct text value, struct grub_origin origin)
{
	struct grub_var *var = make(g, name);
	struct text copy;

	if (text_is(name, "root"))
		value = without_parentheses(value);
	if (!var || arena_text(g->files->arena, value, &copy))
		return grub_no_memory(g);
	if (before_change(g, var, true))
		return GRUB_OUT_OF_MEMORY;
	if (!var->set)
		var->exported = false;
	var->value = copy;
	var->set = true;
	var->origin = origin;
	return GRUB_OK;
}

int grub_var_set(struct grub *g, struct text name, struct text value)
{
	struct grub_origin origin = {.line = g->line};

	if (g->source)
		origin.file = g->source->file;
	return grub_var_set_from(g, name, value, origin);
}

void grub_var_unset(struct grub *g, struct text name)
{
	struct grub_var *var = lookup(g->vars, name, hash_of(name));

	if (!var || !var->set)
		return;
	if (text_is(name, "root")) {
		grub_var_set(g, name, (struct text){0});
		return;
	}
	if (before_change(g, var, true))
		return;
	var->value = (struct text){0};
	var->set = var->exported = false;
}

int grub_var_export(struct grub *g, struct text name)
{
	struct grub_var *var = lookup(g->vars, name, hash_of(name));

	if (!var || !var->set) {
		if (grub_var_set(g, name, (struct text){0}))
			return GRUB_OUT_OF_MEMORY;
		var = lookup(g->vars, name, hash_of(name));
	}
	if (!var || before_change(g, var, false))
		return GRUB_OUT_OF_MEMORY;
	var->exported = true;
	return GRUB_OK;
}

int grub_context_open(struct grub *g, bool all)
{
	struct grub_vars *outer = g->vars, *vars = arena_new(g->files->arena, struct grub_vars);

	if (!vars)
		return grub_no_memory(g);
	vars->outer = outer;
	vars->level = g->level;
	vars->outer_status = g->status;
	vars->outer_has_status = g->has_status;
	g->has_status = g->has_status && all;
	g->vars = vars;
	for (uint32_t i = 0; outer && i < outer->room; i++) {
		for (struct grub_var *var = outer->buckets[i]; var; var = var->chain) {
			if (!var->set || (!var->exported && !all))
				continue;
			if (!grub_step(g, 1 + (var->name.len + var->value.len) / 64) ||
				grub_var_set_from(g, var->name, var->value, var->origin) ||
				grub_var_export(g, var->name)) {
				grub_context_close(g);
				return GRUB_OUT_OF_MEMORY;
			}
		}
	}
	return GRUB_OK;
}

void grub_context_close(struct grub *g)
{
	struct grub_vars *vars = g->vars;

	for (uint32_t i = 0; i < vars->room; i++) {
		while (vars->buckets[i]) {
			struct grub_var *var = vars->buckets[i];

			vars->buckets[i] = var->chain;
			free_text(g, var->value);
			free_text(g, var->name);
			arena_release(g->files->arena, var);
		}
	}
	g->vars = vars->outer;
	g->status = vars->outer_status;
	g->has_status = vars->outer_has_status;
	arena_release(g->files->arena, vars->buckets);
	arena_release(g->files->arena, vars);
}

struct grub_undo *grub_vars_mark(struct grub *g)
{
	g->level++;
	return g->undo;
}

void grub_vars_restore(struct grub *g, struct grub_undo *mark)
{
	while (g->undo != mark) {
		struct grub_undo *undo = g->undo;
		struct grub_var *var = undo->var, *chain = var->chain;

		g->undo = undo->next;
		free_text(g, var->value);
		*var = undo->before;
		var->chain = chain;
		arena_release(g->files->arena, undo);
	}
	g->level--;
}
