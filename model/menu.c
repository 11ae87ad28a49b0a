/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/menu.h"

#include <inttypes.h>

struct text flavour_title(struct text flavour)
{
	static const struct {
		const char *name, *title;
	} titles[] = {{"debian", "Debian"}, {"fedora", "Fedora"}, {"suse", "SUSE"}};

	for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
		if (text_is(flavour, titles[i].name))
			return text_of(titles[i].title);
	}
	return flavour;
}

void bootmenu_init(struct bootmenu *menu, struct arena *arena)
{
	*menu = (struct bootmenu){
		.arena = arena,
		.timeout_s = -1,
		.timeout_style = TEXT("menu"),
	};
}

struct menu_entry *bootmenu_add(struct bootmenu *menu, uint32_t max_entries)
{
	struct menu_entry *entry;

	if (menu->total >= max_entries)
		return NULL;
	entry = arena_new(menu->arena, struct menu_entry);
	if (!entry)
		return NULL;
	entry->index = -1;
	if (menu->last)
		menu->last->next = entry;
	else
		menu->first = entry;
	menu->last = entry;
	menu->total++;
	return entry;
}

void bootmenu_number(struct bootmenu *menu)
{
	struct menu_entry *entry;

	menu->entries = 0;
	for (entry = menu->first; entry; entry = entry->next)
		entry->index = entry->submenu ? -1 : (int32_t)menu->entries++;
}

struct menu_entry *bootmenu_entry(const struct bootmenu *menu, uint32_t index)
{
	struct menu_entry *entry;

	for (entry = menu->first; entry; entry = entry->next) {
		if (entry->index >= 0 && (uint32_t)entry->index == index)
			return entry;
	}
	return NULL;
}

bool menu_entry_boots(const struct menu_entry *entry)
{
	return !entry->submenu && !entry->error.len && (entry->kernel || entry->hypervisor);
}

struct boot_file *boot_file_add(struct arena *arena, struct boot_file **list)
{
	struct boot_file *file = arena_new(arena, struct boot_file);

	if (!file)
		return NULL;
	while (*list)
		list = &(*list)->next;
	*list = file;
	return file;
}

void menu_path_print(const struct menu_entry *entry, char *out, size_t size)
{
	size_t used = 0;

	if (size)
		out[0] = '\0';
	for (uint32_t i = 0; i < entry->depth && used < size; i++) {
		int n = snprintf(
			out + used, size - used, "%s%" PRIu32, i ? ">" : "", entry->path[i]);

		if (n < 0)
			return;
		used += (size_t)n;
	}
}
