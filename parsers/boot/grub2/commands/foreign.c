/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/commands/device.h"
#include "parsers/boot/grub2/menu/menu.h"

#include "parsers/boot/parser.h"

/*
 * legacy_configfile, syslinux_source and their brothers: a configuration in another boot
 * loader's language, read by that language's own parser.
 */

static const struct parser *find_parser(struct text command)
{
	bool legacy = memmem(command.at, command.len, "legacy", 6) != NULL;
	const struct parser *const *parser;

	for (parser = parser_table; *parser; parser++) {
		if (!strcmp((*parser)->name, legacy ? "grub" : "extlinux"))
			return *parser;
	}
	return NULL;
}

/* The entries at the top of the other menu become items of the current one. */
static int add_items(struct grub *g, const struct bootmenu *other)
{
	struct grub_item *item;

	for (struct menu_entry *entry = other->first; entry; entry = entry->next) {
		if (entry->depth > 1)
			continue;
		item = grub_menu_add(g);
		if (!item)
			return g->stop ? GRUB_OUT_OF_MEMORY : GRUB_OK;
		item->title = entry->title;
		item->id = entry->id.len ? entry->id : entry->title;
		item->submenu = entry->submenu;
		item->foreign = entry;
		item->foreign_default = other->default_entry;
	}
	return GRUB_OK;
}

/* GRUB translates the other language's defaults to its own variables. */
static int set_defaults(struct grub *g, const struct bootmenu *other)
{
	char text[MAX_MENU_DEPTH * 12];
	int r = GRUB_OK;

	if (other->default_entry) {
		menu_path_print(other->default_entry, text, sizeof(text));
		r = grub_var_set(g, TEXT("default"), text_of(text));
	}
	if (!r && other->timeout_s >= 0) {
		snprintf(text, sizeof(text), "%lld", (long long)other->timeout_s);
		r = grub_var_set(g, TEXT("timeout"), text_of(text));
	}
	return r;
}

static int show(struct grub *g, const struct bootmenu *other)
{
	struct grub_menu menu = {0}, *outer = g->menu;
	int r;

	if (grub_context_open(g, g->fedora))
		return GRUB_OUT_OF_MEMORY;
	g->menu = &menu;
	r = set_defaults(g, other);
	if (!r)
		r = add_items(g, other);
	if (!r && grub_menu_showable(g, &menu))
		grub_menu_show(g, &menu);
	g->menu = outer;
	grub_context_close(g);
	return r;
}

int grub_cmd_foreign(struct grub *g, const struct grub_call *call)
{
	const struct parser *parser = find_parser(call->name);
	const struct volume_info *volume;
	struct bootmenu *other;
	struct err err = {0};
	struct text path;
	int r;

	if (call->count != 1 || !parser)
		return GRUB_BAD_ARGUMENT;
	r = grub_file_find(g, call->args[0], &volume, &path, NULL);
	other = r ? NULL : arena_new(g->files->arena, struct bootmenu);
	if (!r && (!other || !grub_step(g, 1000)))
		return grub_no_memory(g);
	if (r) {
		grub_note(
			g, "%.*s: %.*s: not found", TEXT_ARG(call->name), TEXT_ARG(call->args[0]));
		return r;
	}
	bootmenu_init(other, g->files->arena);
	g->shown_volume = volume;
	g->shown_path = grub_keep(g, path);
	r = parser->parse(g->files, volume, g->shown_path, other, &err);
	if (r < 0)
		grub_warn(g, "%.*s: %s", TEXT_ARG(call->name), err.text);
	if (text_ends(call->name, TEXT("configfile")))
		return show(g, other);
	return g->menu ? add_items(g, other) : GRUB_OK;
}
