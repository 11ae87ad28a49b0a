/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/fuzzing.h"

#include "tests/support/memfiles.h"

#include <stdio.h>
#include <stdlib.h>

static void must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "menu: %s\n", what);
	abort();
}

/* Every byte can be read: the sanitizers see to it. */
static uint32_t touch(struct text text)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < text.len; i++)
		sum = sum * 31 + (unsigned char)text.at[i];
	return sum;
}

static void check_files(const struct boot_file *list)
{
	for (; list; list = list->next) {
		must(list->volume.len > 0, "a file without a volume");
		must(list->path.len && list->path.at[0] == '/', "a path that is not absolute");
		must(list->part_offset + list->part_length >= list->part_offset, "a part wraps");
		touch(list->path);
		touch(list->cmdline);
	}
}

static void check_entry(const struct menu_entry *entry, int32_t *index)
{
	must(entry->depth >= 1 && entry->depth <= MAX_MENU_DEPTH, "depth");
	must(entry->index == (entry->submenu ? -1 : (*index)++), "index");
	check_files(entry->kernel);
	check_files(entry->hypervisor);
	check_files(entry->devicetree);
	check_files(entry->initrds);
	check_files(entry->modules);
	touch(entry->title);
	touch(entry->id);
	touch(entry->config);
	touch(entry->script);
	touch(entry->cmdline);
	touch(entry->error);
	must(entry->script.len < (1 << 24), "a script that is longer than the file");
}

static void check_menu(const struct bootmenu *menu)
{
	const struct menu_entry *entry;
	bool has_default = !menu->default_entry;
	int32_t index = 0;

	for (entry = menu->first; entry; entry = entry->next) {
		check_entry(entry, &index);
		has_default |= entry == menu->default_entry && !entry->submenu;
	}
	must(has_default, "the default is no entry of the menu");
	must((uint32_t)index == menu->entries, "the number of entries");
	touch(menu->default_reason);
}

static void add_files(
	struct memfiles *guest, const char *const *names, const uint8_t *data, size_t size)
{
	struct text rest = {(const char *)data, size}, part = {0};

	for (; *names; names++) {
		bool more = names[1] != NULL;

		part = more ? text_first(rest, text_find(rest, '\xff')) : rest;
		rest = text_skip(rest, part.len + 1);
		if (part.len)
			memfiles_add_bytes(guest, *names, part.at, part.len);
	}
}

void fuzz_parser(const struct parser *parser, const char *place, const char *const *names,
	const uint8_t *data, size_t size)
{
	struct memfiles guest;
	struct err err = {0};
	int r;

	memfiles_init_empty(&guest);
	memfiles_volume(&guest, "hd0,msdos1", "5eed", "root")->esp = true;
	guest.limits.max_config = 1 << 20;
	guest.limits.max_entries = 500;
	guest.limits.max_steps = 20000; /* scripts run slowly under the sanitizers */
	guest.arena.limit = 32 << 20;
	memfiles_add(&guest, "(hd0,msdos1)/boot/k", "kernel");
	memfiles_add(&guest, "(hd0,msdos1)/boot/i", "initrd");
	add_files(&guest, names, data, size);
	r = parser->parse(
		&guest.files, memfiles_find(&guest, "hd0,1"), text_of(place), &guest.menu, &err);
	must(r == 0 ? !err.code : err.code == -r, "result and err tell two stories");
	bootmenu_number(&guest.menu);
	check_menu(&guest.menu);
	if (parser->recognise)
		parser->recognise((struct text){(const char *)data, size});
	memfiles_done(&guest);
}
