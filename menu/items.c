/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu/items.h"

#include "core/escape.h"
#include "model/limits.h"
#include "pygrub/menu.h"

#include <errno.h>

/* Longer titles and reasons are cut: no terminal shows more. */
enum { SHOWN_BYTES = 1000 };

static int keep_escaped(struct arena *arena, struct text text, struct text *ret)
{
	_strbuf_ struct strbuf out = {0};

	escape_add_cut(&out, text, SHOWN_BYTES);
	return out.failed ? -ENOMEM : arena_text(arena, strbuf_text(&out), ret);
}

static int keep_details(json_t *entry, struct arena *arena, struct text *ret)
{
	_strbuf_ struct strbuf out = {0};

	strbuf_add(&out, menu_file_path(entry, "kernel"));
	if (out.len)
		strbuf_addc(&out, ' ');
	strbuf_add(&out, menu_string(entry, "cmdline"));
	return out.failed ? -ENOMEM : keep_escaped(arena, strbuf_text(&out), ret);
}

/* The depth that an entry's path tells, 1 at the top. */
static uint32_t path_depth(json_t *entry)
{
	size_t depth = json_array_size(json_object_get(entry, "path"));

	return depth < 1 ? 1 : depth > MAX_MENU_DEPTH ? MAX_MENU_DEPTH : (uint32_t)depth;
}

static int read_item(json_t *entry, struct arena *arena, struct console_item *item)
{
	json_t *index = json_object_get(entry, "index");

	item->submenu = json_is_true(json_object_get(entry, "submenu"));
	item->restricted = json_is_true(json_object_get(entry, "restricted"));
	item->index = (uint64_t)json_integer_value(index);
	if (keep_escaped(arena, menu_string(entry, "title"), &item->title) ||
		keep_details(entry, arena, &item->details) ||
		keep_escaped(arena, menu_string(entry, "error"), &item->fault) ||
		arena_text(arena, menu_string(entry, "cmdline"), &item->cmdline))
		return -ENOMEM;
	if (!item->submenu && !item->fault.len && !json_is_true(json_object_get(entry, "bootable")))
		item->fault = TEXT("no kernel");
	return 0;
}

static int read_items(json_t *entries, struct arena *arena, struct console_items *items)
{
	/* The last heading of each depth: below it stands what is deeper. */
	uint32_t above[MAX_MENU_DEPTH + 1];
	json_t *entry;
	size_t i;

	memset(above, 0xff, sizeof(above)); /* NO_ITEM */
	json_array_foreach(entries, i, entry)
	{
		uint32_t depth = path_depth(entry);
		struct console_item *item = &items->at[i];

		item->parent = above[depth - 1];
		if (read_item(entry, arena, item))
			return -ENOMEM;
		above[depth] = item->submenu ? (uint32_t)i : item->parent;
	}
	return 0;
}

static uint32_t find_index(const struct console_items *items, json_t *index)
{
	if (!json_is_integer(index))
		return NO_ITEM;
	for (uint32_t i = 0; i < items->count; i++) {
		if (!items->at[i].submenu &&
			items->at[i].index == (uint64_t)json_integer_value(index))
			return i;
	}
	return NO_ITEM;
}

/* The domain, or where that is not known its first disk. */
static struct text find_subject(json_t *menu)
{
	struct text domain = menu_string(menu, "domain");
	json_t *disk = json_array_get(json_object_get(menu, "disks"), 0);

	return domain.len ? domain : menu_string(disk, "path");
}

static int read_menu(json_t *menu, struct arena *arena, struct console_items *items)
{
	json_t *entries = json_object_get(menu, "entries");
	json_t *protection = json_object_get(menu, "protection");
	struct text style = menu_string(menu, "timeout_style");

	*items = (struct console_items){.count = (uint32_t)json_array_size(entries)};
	items->at = arena_array(arena, items->count + 1, sizeof(*items->at));
	if (!items->at || read_items(entries, arena, items) ||
		keep_escaped(arena, find_subject(menu), &items->subject))
		return -ENOMEM;
	items->default_item = find_index(items, json_object_get(menu, "default_index"));
	items->protected = protection != NULL;
	items->edit_restricted = json_is_true(json_object_get(protection, "edit"));
	items->asks_name = json_is_true(json_object_get(protection, "names"));
	items->hidden = text_is(style, "hidden") || text_is(style, "countdown");
	return 0;
}

int console_items_read(
	struct text json, struct arena *arena, struct console_items *ret, struct err *err)
{
	json_t *menu = menu_parse(json, err);
	int r;

	if (!menu)
		return -err->code;
	r = read_menu(menu, arena, ret);
	json_decref(menu);
	return r ? err_set(err, -r, "no memory for the menu") : 0;
}

uint32_t console_item_depth(const struct console_items *items, uint32_t item)
{
	uint32_t depth = 0;

	/* A parent always stands before its items, so this ends. */
	while ((item = items->at[item].parent) != NO_ITEM)
		depth++;
	return depth;
}

uint32_t console_towards(const struct console_items *items, uint32_t parent, uint32_t item)
{
	while (item != NO_ITEM && items->at[item].parent != parent)
		item = items->at[item].parent;
	return item;
}

uint32_t console_first_below(const struct console_items *items, uint32_t parent)
{
	for (uint32_t i = 0; i < items->count; i++) {
		if (items->at[i].parent == parent)
			return i;
	}
	return NO_ITEM;
}

uint32_t console_next(const struct console_items *items, uint32_t item)
{
	for (uint32_t i = item + 1; i < items->count; i++) {
		if (items->at[i].parent == items->at[item].parent)
			return i;
	}
	return NO_ITEM;
}

uint32_t console_previous(const struct console_items *items, uint32_t item)
{
	for (uint32_t i = item; i-- > 0;) {
		if (items->at[i].parent == items->at[item].parent)
			return i;
	}
	return NO_ITEM;
}
