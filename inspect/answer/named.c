/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/named.h"

#include "core/strbuf.h"
#include "inspect/answer/places.h"

#include <errno.h>

/* ---- finding a file -------------------------------------------------------------------------- */

/* "(hd0,msdos1)/boot/grub/grub.cfg" into its halves; without a volume `name` is empty. */
static void split_place(struct text place, struct text *name, struct text *path)
{
	size_t end = text_find(place, ')');

	*name = (struct text){0};
	*path = place;
	if (!place.len || place.at[0] != '(' || end == place.len)
		return;
	*name = text_skip(text_first(place, end), 1);
	*path = text_skip(place, end + 1);
}

static bool is_on(struct files *files, const struct volume_info *volume, struct text path,
	bool only_files, struct named *ret)
{
	struct file_stat stat;

	if (!volume || files->ops->stat(files, volume, path, &stat) < 0 ||
		(only_files && stat.type != FILE_REGULAR))
		return false;
	*ret = (struct named){volume, path, stat};
	return true;
}

bool named_find(struct guest *guest, struct text place, const struct volume_info *first,
	bool only_files, struct named *ret)
{
	struct files *files = &guest->files;
	struct volume *order[MAX_VOLUMES];
	struct text name, path;

	split_place(place, &name, &path);
	if (name.len)
		return is_on(files, files->ops->find(files, name), path, only_files, ret);
	if (is_on(files, first, path, only_files, ret))
		return true;
	volumes_boot_order(&guest->volumes, order);
	for (uint32_t i = 0; i < guest->volumes.count; i++) {
		if (is_on(files, guest_info_of(guest, order[i]), path, only_files, ret))
			return true;
	}
	return false;
}

/* ---- the menu of one entry ------------------------------------------------------------------- */

/* "kernel /boot/vmlinuz is no file on any volume; looked on hd0,msdos1 (ext4)" */
static int explain_missing(struct guest *guest, const char *what, struct text place)
{
	_strbuf_ struct strbuf volumes = {0};
	struct named other;

	if (!places_any_readable(guest))
		return places_explain(guest, 0);
	if (named_find(guest, place, NULL, false, &other))
		return places_fail(guest->question, guest->inspection,
			"%s = %.*s is %s on %.*s, no file; name another one, or none to use the "
			"guest's own menu",
			what, TEXT_ARG(place),
			other.stat.type == FILE_FOLDER ? "a folder" : "a device, fifo or socket",
			TEXT_ARG(other.volume->name));
	places_name_volumes(guest, &volumes);
	if (volumes.failed)
		return -ENOMEM;
	return places_fail(guest->question, guest->inspection,
		"%s = %.*s not found; looked on %s; name another one, or none to use the guest's "
		"own menu",
		what, TEXT_ARG(place), volumes.at);
}

static int add_file(struct guest *guest, const char *what, struct text place,
	const struct volume_info *first, struct boot_file **list, struct named *ret)
{
	struct arena *arena = &guest->inspection->arena;
	struct boot_file *file;

	if (!named_find(guest, place, first, true, ret))
		return explain_missing(guest, what, place);
	file = boot_file_add(arena, list);
	if (!file)
		return -ENOMEM;
	file->volume = ret->volume->name;
	file->path = ret->path;
	report_add(&guest->inspection->report, REPORT_OK, "%s (%.*s)%.*s: named by the caller",
		what, TEXT_ARG(file->volume), TEXT_ARG(file->path));
	return 0;
}

static int add_entry(struct guest *guest)
{
	const struct boot_policy *policy = &guest->question->policy;
	struct inspection *inspection = guest->inspection;
	struct menu_entry *entry = bootmenu_add(&inspection->menu, 1);
	struct named kernel = {0}, ramdisk;
	int r;

	if (!entry)
		return -ENOMEM;
	entry->depth = 1;
	entry->title = policy->kernel;
	entry->loader = TEXT("linux");
	r = add_file(guest, "kernel", policy->kernel, NULL, &entry->kernel, &kernel);
	if (r == 0 && policy->ramdisk.len && !inspection->error.len)
		r = add_file(guest, "ramdisk", policy->ramdisk, kernel.volume, &entry->initrds,
			&ramdisk);
	return r;
}

int named_find_menu(struct guest *guest, struct err *err)
{
	struct inspection *inspection = guest->inspection;
	struct bootmenu *menu = &inspection->menu;
	int r = add_entry(guest);

	if (inspection->error.len)
		bootmenu_init(menu, &inspection->arena);
	menu->loader = TEXT("named");
	menu->title = TEXT("files named by the caller; no menu was read");
	menu->timeout_s = 0;
	menu->default_entry = menu->first;
	bootmenu_number(menu);
	if (r == 0)
		r = arena_printf(&inspection->arena, &menu->default_reason, "kernel = %.*s",
			TEXT_ARG(guest->question->policy.kernel));
	return r < 0 ? err_set(err, -r, "no memory left (inspect-memory)") : 0;
}
