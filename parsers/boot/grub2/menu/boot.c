/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entry for a kernel that boots without a menu. */
#include "parsers/boot/grub2/menu/menu.h"

/*
 * `boot` outside of every entry: no menu is shown. The kernel is offered as the only entry, so
 * that there is something to start.
 */
void grub_menu_direct(struct grub *g)
{
	struct menu_entry *entry = bootmenu_add(g->out, g->files->limits->max_entries);

	if (!entry)
		return;
	entry->title = TEXT("(boots without a menu)");
	entry->id = entry->title;
	entry->depth = 1;
	entry->config = files_full_name(g->files, g->volume, g->out->config_path);
	grub_loaded_record(g, entry, GRUB_OK, true);
	g->out->timeout_s = 0;
	g->out->default_reason = TEXT("boot outside of every entry");
	g->chosen = entry;
}
