/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands on environment blocks: load_env, list_env, save_env. */
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/commands/device.h"
#include "parsers/boot/grub2/commands/env.h"

static const struct grub_option env_options[] = {
	{"file", 'f', true, false},
	{"skip-sig", 's', false, false},
	{0},
};

/* An environment block as a command names it. */
struct block {
	struct grub *g;
	const struct volume_info *volume;
	struct text path, content, file; /* file: full name */
	const struct grub_options *only; /* names to load; none: all */
};

static int open_block(struct grub *g, const struct grub_options *options, struct block *block)
{
	struct text name = options->value[0];
	int r;

	*block = (struct block){.g = g, .only = options};
	if (!options->set[0] && arena_printf(g->files->arena, &name, "%.*s/grubenv",
					TEXT_ARG(grub_var_get(g, "prefix"))))
		return grub_no_memory(g);
	r = grub_read_file(g, name, &block->content, &block->volume, &block->path);
	if (!r)
		block->file = files_full_name(g->files, block->volume, block->path);
	return r;
}

static bool wanted(const struct block *block, struct text name)
{
	for (uint32_t i = 0; i < block->only->count; i++) {
		if (text_equal(block->only->args[i], name))
			return true;
	}
	return !block->only->count;
}

/* A one-shot entry is left out when it was consumed before: nobody could clear it on the disk. */
static bool ignored(const struct block *block, struct text name, struct text value)
{
	if (!block->g->files->settings->ignore_one_shot || !text_is(name, "next_entry"))
		return false;
	if (value.len)
		grub_note(block->g, "next_entry=%.*s in %.*s is not honoured",
			TEXT_ARG(text_first(value, 200)), TEXT_ARG(block->file));
	return true;
}

/* What save_env wrote in this run, newest first. NULL: nothing of that name. */
static const struct grub_saved *saved_value(const struct block *block, struct text name)
{
	const struct grub_saved *saved;

	for (saved = block->g->saved; saved; saved = saved->next) {
		if (!grub_step(block->g, 1))
			return NULL;
		if (saved->volume == block->volume && text_equal(saved->path, block->path) &&
			text_equal(saved->name, name))
			return saved;
	}
	return NULL;
}

static int load_value(struct block *block, struct text name, struct text value)
{
	struct grub_origin origin = {.file = block->file};

	if (!wanted(block, name) || ignored(block, name, value))
		return 0;
	origin.variable = grub_keep(block->g, name);
	return grub_var_set_from(block->g, name, value, origin);
}

static int visit_block(void *context, struct text name, struct text value)
{
	struct block *block = context;
	const struct grub_saved *saved = saved_value(block, name);

	if (!grub_step(block->g, 1))
		return GRUB_OUT_OF_MEMORY;
	/* Taken from below with all that was saved. */
	return saved ? 0 : load_value(block, name, value);
}

static int load_saved(struct block *block)
{
	const struct grub_saved *saved;
	int r = GRUB_OK;

	for (saved = block->g->saved; saved && !r; saved = saved->next) {
		if (saved->volume != block->volume || !text_equal(saved->path, block->path))
			continue;
		if (saved_value(block, saved->name) == saved && saved->set)
			r = load_value(block, saved->name, saved->value);
	}
	return r;
}

int grub_cmd_load_env(struct grub *g, const struct grub_call *call)
{
	struct grub_options options = {.known = env_options};
	struct block block;
	int r = grub_options_parse(g, call, &options);

	if (!r)
		r = open_block(g, &options, &block);
	if (r)
		return r;
	r = grub_env_read(g->files->arena, block.content, visit_block, &block);
	if (r == -EINVAL) {
		grub_warn(g, "%.*s is no environment block", TEXT_ARG(block.file));
		return GRUB_BAD_FILE_TYPE;
	}
	if (!r)
		r = load_saved(&block);
	return r < 0 ? grub_no_memory(g) : r;
}

int grub_cmd_list_env(struct grub *g, const struct grub_call *call)
{
	struct grub_options options = {.known = env_options};
	struct block block;
	int r = grub_options_parse(g, call, &options);

	if (!r)
		r = open_block(g, &options, &block);
	if (!r && !text_starts(block.content, TEXT("# GRUB Environment Block\n")))
		r = GRUB_BAD_FILE_TYPE;
	return r;
}

/* Writes nothing to the guest: the same script reads the new value, that is all. */
int grub_cmd_save_env(struct grub *g, const struct grub_call *call)
{
	struct grub_options options = {.known = env_options};
	const struct grub_var *var;
	struct grub_saved *saved;
	struct block block;
	int r = grub_options_parse(g, call, &options);

	if (!r && !options.count)
		r = GRUB_BAD_ARGUMENT;
	if (!r)
		r = open_block(g, &options, &block);
	if (!r && !text_starts(block.content, TEXT("# GRUB Environment Block\n")))
		r = GRUB_BAD_FILE_TYPE;
	for (uint32_t i = 0; i < options.count && !r; i++) {
		saved = arena_new(g->files->arena, struct grub_saved);
		if (!saved)
			return grub_no_memory(g);
		var = grub_var_find(g, options.args[i]);
		*saved = (struct grub_saved){
			.next = g->saved,
			.volume = block.volume,
			.path = block.path,
			.name = grub_keep(g, options.args[i]),
			.value = var ? grub_keep(g, var->value) : (struct text){0},
			.set = var != NULL,
		};
		g->saved = saved;
	}
	return r;
}
