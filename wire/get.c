/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/wire.h"
#include "wire/entry.h"
#include "wire/head.h"

#include <errno.h>

enum {
	VOLUME_MIN = 4 * 5 + 8 + 1 + 4 + 8, /* bytes a volume takes at least */
	REPORT_MIN = 1 + 5 + 4 + 4 + 5,     /* bytes a line of the report takes at least */
	DISK_MIN = 5 + 5 + 8 * 4 + 5,       /* bytes a disk takes */
	DAEMON_LINES = 64,                  /* what the daemon may add to a full log */
	MAX_WIRE_ENTRIES = 1 << 20,         /* more than any setting of max-entries makes sense */
};

static void get_disks(struct wire_in *in, uint32_t expected, struct inspection *ret)
{
	ret->n_disks = wire_get_count(in, MAX_DISKS, DISK_MIN, "number of disks");
	if (ret->n_disks != expected)
		wire_refuse(in, "number of disks", "not as asked");
	for (uint32_t i = 0; i < ret->n_disks; i++) {
		struct inspection_disk *disk = &ret->disks[i];

		disk->name = wire_get_text(in, "disk name");
		disk->path = wire_get_text(in, "disk path");
		disk->size = wire_get_u64(in, "disk size");
		disk->device = wire_get_u64(in, "disk device");
		disk->file_device = wire_get_u64(in, "disk file device");
		disk->inode = wire_get_u64(in, "disk inode");
		disk->table = wire_get_text(in, "disk table");
	}
}

static void get_volumes(struct wire_in *in, struct inspection *ret)
{
	ret->n_volumes = wire_get_count(in, MAX_VOLUMES, VOLUME_MIN, "number of volumes");
	ret->volumes = wire_array(in, ret->n_volumes, sizeof(*ret->volumes), "volumes");
	for (uint32_t i = 0; i < ret->n_volumes && ret->volumes; i++) {
		struct inspection_volume *volume = &ret->volumes[i];

		volume->name = wire_get_text(in, "volume name");
		volume->fs_name = wire_get_text(in, "volume file system");
		volume->uuid = wire_get_text(in, "volume UUID");
		volume->label = wire_get_text(in, "volume label");
		volume->size = wire_get_u64(in, "volume size");
		volume->readable = wire_get_bool(in, "volume readable");
		volume->mode = wire_get_u32(in, "volume mode");
		volume->mtime_s = (int64_t)wire_get_u64(in, "volume time");
	}
}

static void get_report(struct wire_in *in, struct report *report)
{
	uint32_t count = wire_get_count(in, MAX_REPORT_LINES, REPORT_MIN, "number of log lines");
	struct report_line *lines = wire_array(in, count, sizeof(*lines), "log lines");

	for (uint32_t i = 0; i < count && lines; i++) {
		lines[i].kind = wire_get_enum(in, REPORT_KINDS, "log line kind");
		lines[i].file = wire_get_text(in, "log line file");
		lines[i].line = wire_get_u32(in, "log line number");
		lines[i].count = wire_get_u32(in, "log line count");
		lines[i].text = wire_get_text(in, "log line text");
		lines[i].next = i + 1 < count ? &lines[i + 1] : NULL;
		if (!lines[i].count)
			wire_refuse(in, "log line count", "0");
	}
	report->dropped = wire_get_u32(in, "number of log lines dropped");
	if (!lines)
		return;
	report->first = lines;
	report->last = &lines[count - 1];
	report->lines = count;
	report->limit = count + DAEMON_LINES;
}

/*
 * Does the entry stand where its path says? The tree is in order: an entry at depth d follows,
 * in the heading before it that its path begins with, a sibling with a smaller number.
 */
static bool path_fits(
	struct menu_entry *const open[], uint32_t depth, const struct menu_entry *entry)
{
	uint32_t last = entry->depth - 1;

	if (entry->depth > depth + 1)
		return false;
	for (uint32_t i = 0; i < last; i++) {
		if (!open[i] || !open[i]->submenu || open[i]->path[i] != entry->path[i])
			return false;
	}
	return depth < entry->depth || !open[last] || open[last]->path[last] < entry->path[last];
}

static void get_default(struct wire_in *in, struct bootmenu *menu)
{
	uint32_t at = wire_get_u32(in, "default entry");
	struct menu_entry *entry = menu->first;

	if (!at)
		return;
	while (entry && --at)
		entry = entry->next;
	if (!entry || entry->submenu)
		wire_refuse(in, "default entry", "no such entry");
	else
		menu->default_entry = entry;
}

static void get_entries(struct wire_in *in, const struct wire_bounds *bounds, struct bootmenu *menu)
{
	struct menu_entry *open[MAX_MENU_DEPTH] = {NULL};
	uint32_t depth = 0, count;

	count = wire_get_count(in, MAX_WIRE_ENTRIES, WIRE_ENTRY_MIN, "number of entries");
	for (uint32_t i = 0; i < count && !in->bad; i++) {
		struct menu_entry *entry = bootmenu_add(menu, count);

		if (!entry) {
			wire_refuse(in, "entries", "no memory left for them");
			return;
		}
		wire_get_entry(in, bounds, entry);
		if (in->bad)
			return;
		if (!path_fits(open, depth, entry)) {
			wire_refuse(in, "entry path", "does not fit the menu tree");
			return;
		}
		depth = entry->depth;
		open[depth - 1] = entry;
	}
	bootmenu_number(menu);
	get_default(in, menu);
}

static void get_menu(
	struct wire_in *in, const uint64_t *disk_sizes, uint32_t n_disks, struct bootmenu *menu)
{
	struct wire_bounds bounds = {.disk_sizes = disk_sizes, .n_disks = n_disks};

	menu->loader = wire_get_text(in, "menu loader");
	menu->title = wire_get_text(in, "menu title");
	menu->flavour = wire_get_text(in, "menu flavour");
	menu->flavour_reason = wire_get_text(in, "menu flavour reason");
	menu->platform = wire_get_text(in, "menu platform");
	menu->config_volume = wire_get_text(in, "menu config volume");
	menu->config_path = wire_get_text(in, "menu config path");
	menu->default_reason = wire_get_text(in, "menu default reason");
	menu->timeout_s = (int64_t)wire_get_u64(in, "menu timeout");
	menu->timeout_style = wire_get_text(in, "menu timeout style");
	menu->superusers = wire_get_text(in, "menu superusers");
	menu->edit_restricted = wire_get_bool(in, "menu edit restricted");
	menu->asks_name = wire_get_bool(in, "menu asks name");
	menu->login = wire_get_enum(in, LOGIN_RESULTS, "menu login");
	menu->one_shot = wire_get_text(in, "menu one-shot");
	menu->one_shot_file = wire_get_text(in, "menu one-shot file");
	menu->one_shot_key = wire_get_text(in, "menu one-shot key");
	menu->one_shot_mtime_s = (int64_t)wire_get_u64(in, "menu one-shot time");
	menu->bytes = wire_get_text(in, "menu bytes");
	if (menu->timeout_s < -1)
		wire_refuse(in, "menu timeout", "negative");
	bounds.bytes = menu->bytes.len;
	get_entries(in, &bounds, menu);
}

int wire_get_inspection(struct text bytes, const uint64_t *disk_sizes, uint32_t n_disks,
	struct inspection *ret, struct err *err)
{
	struct wire_in in;
	struct text fields = {0};
	int r = wire_open(bytes, WIRE_INSPECTION, &fields, err);

	if (r < 0)
		return r;
	r = wire_begin(&in, fields, &ret->arena, err);
	if (r < 0)
		return r;
	ret->gaps = wire_get_u32(&in, "sandbox gaps");
	if (ret->gaps > GAP_ALL)
		wire_refuse(&in, "sandbox gaps", "unknown");
	get_disks(&in, n_disks, ret);
	get_volumes(&in, ret);
	get_report(&in, &ret->report);
	get_menu(&in, disk_sizes, n_disks, &ret->menu);
	ret->error = wire_get_text(&in, "error");
	if (!in.bad && (ret->error.len == 0) != (ret->menu.default_entry != NULL))
		wire_refuse(&in, "error", "and default entry: exactly one of them must be there");
	return wire_end(&in);
}
