/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/entry.h"

#include "core/checked.h"

enum {
	FILE_MIN = 4 * 5 + 3 * 8,     /* bytes a boot file takes at least */
	PIECE_BYTES_LEN = 1 + 4 + 16, /* bytes a piece takes */
};

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

/* Does the piece lie inside what it is a range of? */
static bool piece_inside(const struct piece *piece, const struct wire_bounds *bounds)
{
	switch (piece->kind) {
	case PIECE_DISK:
		return piece->disk < bounds->n_disks &&
		       range_inside(piece->at, piece->length, bounds->disk_sizes[piece->disk]);
	case PIECE_BYTES:
		return range_inside(piece->at, piece->length, bounds->bytes);
	case PIECE_ZERO:
	case PIECE_LATER:
		return true;
	default:
		return false;
	}
}

static void get_piece(
	struct wire_in *in, const struct wire_bounds *bounds, struct piece *piece, uint64_t *size)
{
	piece->kind = wire_get_enum(in, PIECE_KINDS, "piece kind");
	piece->disk = wire_get_u32(in, "piece disk");
	piece->at = wire_get_u64(in, "piece offset");
	piece->length = wire_get_u64(in, "piece length");
	if (!piece->length || !checked_add(*size, piece->length, size) || *size > INT64_MAX)
		wire_refuse(in, "piece length", "nothing, or too big");
	if (!piece_inside(piece, bounds))
		wire_refuse(in, "piece", "outside the disk");
}

void wire_get_content(struct wire_in *in, const struct wire_bounds *bounds, struct content *content)
{
	uint64_t size = 0;

	content->present = wire_get_bool(in, "content");
	if (!content->present)
		return;
	content->size = wire_get_u64(in, "content size");
	content->identity = wire_get_u64(in, "content identity");
	content->count = wire_get_count(in, UINT32_MAX, PIECE_BYTES_LEN, "pieces of a content");
	content->pieces = wire_array(in, content->count, sizeof(*content->pieces), "pieces");
	for (uint32_t i = 0; i < content->count && content->pieces; i++)
		get_piece(in, bounds, &content->pieces[i], &size);
	if (size != content->size)
		wire_refuse(in, "content size", "not the sum of its pieces");
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

void wire_get_entry(struct wire_in *in, const struct wire_bounds *bounds, struct menu_entry *entry)
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
