/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/inspection.h"

#include "core/checked.h"
#include "wire/content.h"

#include <errno.h>

/* The fewest bytes that each takes: bounds their count before anything is allocated. */
enum {
	VOLUME_MIN = 4 * 5 + 8 + 1 + 4 + 8,
	REPORT_MIN = 1 + 5 + 4 + 4 + 5,
	DISK_MIN = 5 + 5 + 8 * 4 + 5,
	FILE_MIN = 4 * 5 + 3 * 8,
	ENTRY_MIN = 80,
	OTHER_MIN = 5 * 4 + 2,
};

enum {
	DAEMON_LINES = 64,          /* what the daemon may add to a full log */
	MAX_WIRE_ENTRIES = 1 << 20, /* more than any setting of max-entries makes sense */
};

/* ---- writing ---------------------------------------------------------------------------------- */

static void put_file(struct strbuf *buf, const struct boot_file *file)
{
	wire_put_text(buf, file->volume);
	wire_put_text(buf, file->path);
	wire_put_text(buf, file->newc);
	wire_put_text(buf, file->cmdline);
	wire_put_u64(buf, file->part_offset);
	wire_put_u64(buf, file->part_length);
	wire_put_u64(buf, file->size);
}

static void put_files(struct strbuf *buf, const struct boot_file *first)
{
	const struct boot_file *file;
	uint32_t count = 0;

	for (file = first; file; file = file->next)
		count++;
	wire_put_u32(buf, count);
	for (file = first; file; file = file->next)
		put_file(buf, file);
}

static void put_one_file(struct strbuf *buf, const struct boot_file *file)
{
	wire_put_u8(buf, file != NULL);
	if (file)
		put_file(buf, file);
}

static void put_entry(struct strbuf *buf, const struct menu_entry *entry)
{
	wire_put_u32(buf, entry->depth);
	for (uint32_t i = 0; i < entry->depth; i++)
		wire_put_u32(buf, entry->path[i]);
	wire_put_u8(buf, entry->submenu);
	wire_put_u8(buf, entry->restricted);
	wire_put_text(buf, entry->title);
	wire_put_text(buf, entry->id);
	wire_put_text(buf, entry->users);
	wire_put_text(buf, entry->config);
	wire_put_u32(buf, entry->config_line);
	wire_put_text(buf, entry->script);
	wire_put_text(buf, entry->loader);
	put_one_file(buf, entry->kernel);
	put_one_file(buf, entry->hypervisor);
	put_one_file(buf, entry->devicetree);
	put_files(buf, entry->initrds);
	put_files(buf, entry->modules);
	wire_put_text(buf, entry->cmdline);
	wire_put_text(buf, entry->error);
	for (uint32_t i = 0; i < CONTENT_SLOTS; i++)
		wire_put_content(buf, &entry->content[i]);
	wire_put_text(buf, entry->kernel_info.format);
	wire_put_text(buf, entry->kernel_info.version);
	wire_put_text(buf, entry->kernel_info.compression);
	wire_put_u8(buf, (uint8_t)entry->kernel_info.xen_pv);
	wire_put_u8(buf, (uint8_t)entry->kernel_info.xen_pvh);
}

/* The default travels as its place among all entries and headings, from 1; 0: none. */
static void put_entries(struct strbuf *buf, const struct bootmenu *menu)
{
	const struct menu_entry *entry;
	uint32_t at = 0, default_at = 0;

	wire_put_u32(buf, menu->total);
	for (entry = menu->first; entry; entry = entry->next) {
		at++;
		put_entry(buf, entry);
		if (entry == menu->default_entry)
			default_at = at;
	}
	wire_put_u32(buf, default_at);
}

static void put_others(struct strbuf *buf, const struct bootmenu *menu)
{
	const struct other_config *other;
	uint32_t count = 0;

	for (other = menu->others; other; other = other->next)
		count++;
	wire_put_u32(buf, count);
	for (other = menu->others; other; other = other->next) {
		wire_put_text(buf, other->volume);
		wire_put_text(buf, other->path);
		wire_put_text(buf, other->title);
		wire_put_text(buf, other->why);
		wire_put_u8(buf, other->on_the_way);
		wire_put_u8(buf, other->is_next);
	}
}

static void put_menu(struct strbuf *buf, const struct bootmenu *menu)
{
	wire_put_text(buf, menu->loader);
	wire_put_text(buf, menu->title);
	wire_put_text(buf, menu->flavour);
	wire_put_text(buf, menu->flavour_reason);
	wire_put_text(buf, menu->platform);
	wire_put_text(buf, menu->config_volume);
	wire_put_text(buf, menu->config_path);
	wire_put_text(buf, menu->missing_entry);
	wire_put_text(buf, menu->default_reason);
	wire_put_u64(buf, (uint64_t)menu->timeout_s);
	wire_put_text(buf, menu->timeout_style);
	wire_put_text(buf, menu->superusers);
	wire_put_u8(buf, menu->edit_restricted);
	wire_put_u8(buf, menu->asks_name);
	wire_put_u8(buf, (uint8_t)menu->login);
	wire_put_text(buf, menu->one_shot);
	wire_put_text(buf, menu->one_shot_file);
	wire_put_text(buf, menu->one_shot_key);
	wire_put_u64(buf, (uint64_t)menu->one_shot_mtime_s);
	wire_put_text(buf, menu->bytes);
	wire_put_text(buf, menu->installed.title);
	wire_put_text(buf, menu->installed.place);
	wire_put_text(buf, menu->installed.problem);
	put_others(buf, menu);
	put_entries(buf, menu);
}

static void put_disks(struct strbuf *buf, const struct inspection *inspection)
{
	wire_put_u32(buf, inspection->n_disks);
	for (uint32_t i = 0; i < inspection->n_disks; i++) {
		const struct inspection_disk *disk = &inspection->disks[i];

		wire_put_text(buf, disk->name);
		wire_put_text(buf, disk->path);
		wire_put_u64(buf, disk->size);
		wire_put_u64(buf, disk->device);
		wire_put_u64(buf, disk->file_device);
		wire_put_u64(buf, disk->inode);
		wire_put_text(buf, disk->table);
	}
}

static void put_volumes(struct strbuf *buf, const struct inspection *inspection)
{
	wire_put_u32(buf, inspection->n_volumes);
	for (uint32_t i = 0; i < inspection->n_volumes; i++) {
		const struct inspection_volume *volume = &inspection->volumes[i];

		wire_put_text(buf, volume->name);
		wire_put_text(buf, volume->fs_name);
		wire_put_text(buf, volume->uuid);
		wire_put_text(buf, volume->label);
		wire_put_u64(buf, volume->size);
		wire_put_u8(buf, volume->readable);
		wire_put_u32(buf, volume->mode);
		wire_put_u64(buf, (uint64_t)volume->mtime_s);
	}
}

static void put_report(struct strbuf *buf, const struct report *report)
{
	wire_put_u32(buf, report->lines);
	for (const struct report_line *line = report->first; line; line = line->next) {
		wire_put_u8(buf, (uint8_t)line->kind);
		wire_put_text(buf, line->file);
		wire_put_u32(buf, line->line);
		wire_put_u32(buf, line->count);
		wire_put_text(buf, line->text);
	}
	wire_put_u32(buf, report->dropped);
}

void wire_put_inspection(struct strbuf *buf, const struct inspection *inspection)
{
	size_t start = wire_put_head(buf, WIRE_INSPECTION);

	wire_put_u32(buf, inspection->gaps);
	put_disks(buf, inspection);
	put_volumes(buf, inspection);
	put_report(buf, &inspection->report);
	put_menu(buf, &inspection->menu);
	wire_put_text(buf, inspection->error);
	wire_put_end(buf, start);
}

int wire_put_bounded(struct strbuf *buf, struct inspection *inspection, struct err *err)
{
	wire_put_inspection(buf, inspection);
	if (buf->failed != -EFBIG)
		return buf->failed ? err_set(err, -buf->failed, "no memory for the answer") : 0;
	for (struct menu_entry *entry = inspection->menu.first; entry; entry = entry->next)
		entry->script = (struct text){0};
	report_add(&inspection->report, REPORT_WARNING,
		"menu too big: entries are shown without their script");
	buf->failed = 0;
	strbuf_done(buf);
	wire_put_inspection(buf, inspection);
	return buf->failed ? err_set(err, -buf->failed, "menu too big for an answer") : 0;
}

/* ---- reading: one entry ----------------------------------------------------------------------- */

static void get_file(struct wire_in *in, struct boot_file *file)
{
	uint64_t end;

	file->volume = wire_get_text(in, "file volume");
	file->path = wire_get_text(in, "file path");
	file->newc = wire_get_text(in, "file newc name");
	file->cmdline = wire_get_text(in, "file command line");
	file->part_offset = wire_get_u64(in, "file part offset");
	file->part_length = wire_get_u64(in, "file part length");
	file->size = wire_get_u64(in, "file size");
	if (!checked_add(file->part_offset, file->part_length, &end) || end > INT64_MAX)
		wire_refuse(in, "file part", "outside any file");
	if (file->size > INT64_MAX)
		wire_refuse(in, "file size", "too big");
}

static struct boot_file *get_files(struct wire_in *in, uint32_t max, const char *field)
{
	uint32_t count = wire_get_count(in, max, FILE_MIN, field);
	struct boot_file *files = wire_array(in, count, sizeof(*files), field);

	for (uint32_t i = 0; i < count && files; i++) {
		get_file(in, &files[i]);
		files[i].next = i + 1 < count ? &files[i + 1] : NULL;
	}
	return files;
}

static struct boot_file *get_one_file(struct wire_in *in, const char *field)
{
	struct boot_file *file;

	if (!wire_get_bool(in, field))
		return NULL;
	file = wire_array(in, 1, sizeof(*file), field);
	if (file)
		get_file(in, file);
	return file;
}

static void get_path(struct wire_in *in, struct menu_entry *entry)
{
	entry->depth = wire_get_count(in, MAX_MENU_DEPTH, sizeof(uint32_t), "entry depth");
	for (uint32_t i = 0; i < entry->depth; i++)
		entry->path[i] = wire_get_u32(in, "entry path");
	if (!entry->depth)
		wire_refuse(in, "entry depth", "0");
}

static void get_kernel_info(struct wire_in *in, struct kernel_info *info)
{
	info->format = wire_get_text(in, "kernel format");
	info->version = wire_get_text(in, "kernel version");
	info->compression = wire_get_text(in, "kernel compression");
	info->xen_pv = wire_get_enum(in, XEN_YES + 1, "kernel Xen PV");
	info->xen_pvh = wire_get_enum(in, XEN_YES + 1, "kernel Xen PVH");
}

/* A heading boots nothing, and only an entry that boots has a kernel to serve. */
static void check_contents(struct wire_in *in, const struct menu_entry *entry)
{
	if (entry->content[SLOT_KERNEL].present && (entry->submenu || !entry->kernel))
		wire_refuse(in, "content", "a kernel where none is named");
	if (entry->content[SLOT_INITRD].present && (entry->submenu || !entry->initrds))
		wire_refuse(in, "content", "an initrd where none is named");
	if (entry->content[SLOT_DEVICETREE].present && (entry->submenu || !entry->devicetree))
		wire_refuse(in, "content", "a device tree where none is named");
	if (entry->content[SLOT_XEN].present && (entry->submenu || !entry->hypervisor))
		wire_refuse(in, "content", "a hypervisor where none is named");
}

/* Everything but its place in the tree is checked. */
static void get_entry(
	struct wire_in *in, const struct wire_bounds *bounds, struct menu_entry *entry)
{
	get_path(in, entry);
	entry->submenu = wire_get_bool(in, "entry submenu");
	entry->restricted = wire_get_bool(in, "entry restricted");
	entry->title = wire_get_text(in, "entry title");
	entry->id = wire_get_text(in, "entry id");
	entry->users = wire_get_text(in, "entry users");
	entry->config = wire_get_text(in, "entry config");
	entry->config_line = wire_get_u32(in, "entry config line");
	entry->script = wire_get_text(in, "entry script");
	entry->loader = wire_get_text(in, "entry loader");
	entry->kernel = get_one_file(in, "entry kernel");
	entry->hypervisor = get_one_file(in, "entry hypervisor");
	entry->devicetree = get_one_file(in, "entry device tree");
	entry->initrds = get_files(in, MAX_INITRDS, "entry initrds");
	entry->modules = get_files(in, MAX_MODULES, "entry modules");
	entry->cmdline = wire_get_text(in, "entry command line");
	entry->error = wire_get_text(in, "entry error");
	for (uint32_t i = 0; i < CONTENT_SLOTS; i++)
		wire_get_content(in, bounds, &entry->content[i]);
	get_kernel_info(in, &entry->kernel_info);
	check_contents(in, entry);
}

/* ---- reading ---------------------------------------------------------------------------------- */

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

	count = wire_get_count(in, MAX_WIRE_ENTRIES, ENTRY_MIN, "number of entries");
	for (uint32_t i = 0; i < count && !in->bad; i++) {
		struct menu_entry *entry = bootmenu_add(menu, count);

		if (!entry) {
			wire_refuse(in, "entries", "no memory left for them");
			return;
		}
		get_entry(in, bounds, entry);
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

static struct other_config *get_others(struct wire_in *in)
{
	uint32_t count =
		wire_get_count(in, MAX_OTHER_CONFIGS, OTHER_MIN, "number of configurations");
	struct other_config *others = wire_array(in, count, sizeof(*others), "configurations");

	for (uint32_t i = 0; i < count && others; i++) {
		others[i].volume = wire_get_text(in, "configuration volume");
		others[i].path = wire_get_text(in, "configuration path");
		others[i].title = wire_get_text(in, "configuration title");
		others[i].why = wire_get_text(in, "configuration problem");
		others[i].on_the_way = wire_get_bool(in, "configuration on the way");
		others[i].is_next = wire_get_bool(in, "configuration is next");
		others[i].next = i + 1 < count ? &others[i + 1] : NULL;
	}
	return others;
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
	menu->missing_entry = wire_get_text(in, "menu missing entry");
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
	menu->installed.title = wire_get_text(in, "installed loader");
	menu->installed.place = wire_get_text(in, "installed loader place");
	menu->installed.problem = wire_get_text(in, "installed loader problem");
	menu->others = get_others(in);
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
