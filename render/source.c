/* The files source and script of an entry. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render.h"

#include "core/escape.h"

#include <inttypes.h>
#include <sys/sysmacros.h>

/* The volumes an entry's files lie on, each once. */
struct volume_set {
	struct text names[MAX_INITRDS + MAX_MODULES + 4];
	uint32_t count;
};

static void set_add(struct volume_set *set, struct text name)
{
	if (!name.len || set->count == ARRAY_SIZE(set->names))
		return;
	for (uint32_t i = 0; i < set->count; i++) {
		if (text_equal(set->names[i], name))
			return;
	}
	set->names[set->count++] = name;
}

static void set_add_files(struct volume_set *set, const struct boot_file *file)
{
	for (; file; file = file->next)
		set_add(set, file->volume);
}

/* "(hd0,msdos1)/boot/grub/grub.cfg" into its two halves. */
static struct text split_config(struct text config, struct text *path)
{
	size_t end = text_find(config, ')');

	*path = config;
	if (!config.len || config.at[0] != '(' || end == config.len)
		return (struct text){0};
	*path = text_skip(config, end + 1);
	return text_skip(text_first(config, end), 1);
}

/* All disks that were searched: the wrapper compares the first with its own view of it. */
static void render_disks(struct strbuf *out, const struct inspection *inspection)
{
	for (uint32_t i = 0; i < inspection->n_disks; i++) {
		const struct inspection_disk *disk = &inspection->disks[i];
		uint64_t device = disk->device ? disk->device : disk->file_device;

		strbuf_adds(out, "disk ");
		escape_add(out, disk->name);
		strbuf_addc(out, ' ');
		escape_add(out, disk->path);
		if (device)
			strbuf_addf(out, " device %u:%u", major(device), minor(device));
		if (disk->inode)
			strbuf_addf(out, " inode %" PRIu64, disk->inode);
		strbuf_addc(out, '\n');
	}
}

static void render_volumes(
	struct strbuf *out, const struct inspection *inspection, const struct volume_set *set)
{
	for (uint32_t i = 0; i < set->count; i++) {
		const struct inspection_volume *volume =
			inspection_volume(inspection, set->names[i]);

		strbuf_adds(out, "volume ");
		escape_add(out, set->names[i]);
		if (volume && volume->fs_name.len) {
			strbuf_addc(out, ' ');
			escape_add(out, volume->fs_name);
		}
		if (volume && volume->uuid.len) {
			strbuf_addc(out, ' ');
			escape_add(out, volume->uuid);
		}
		strbuf_addc(out, '\n');
	}
}

static void render_file(struct strbuf *out, const char *what, const struct boot_file *file)
{
	strbuf_addf(out, "%s ", what);
	escape_add(out, file->volume);
	strbuf_addc(out, ' ');
	escape_add(out, file->path);
	if (file->part_length)
		strbuf_addf(
			out, " bytes %" PRIu64 "+%" PRIu64, file->part_offset, file->part_length);
	if (file->newc.len) {
		strbuf_adds(out, " newc ");
		escape_add(out, file->newc);
	}
	strbuf_addc(out, '\n');
}

static void render_files(struct strbuf *out, const char *what, const struct boot_file *file)
{
	for (; file; file = file->next)
		render_file(out, what, file);
}

static bool same_file(const struct boot_file *a, const struct boot_file *b)
{
	return a && b && text_equal(a->volume, b->volume) && text_equal(a->path, b->path);
}

/* Modules that are neither the kernel nor an initrd named already. */
static void render_modules(struct strbuf *out, const struct menu_entry *entry)
{
	for (const struct boot_file *file = entry->modules; file; file = file->next) {
		if (!same_file(file, entry->kernel) && !same_file(file, entry->initrds))
			render_file(out, "module", file);
	}
}

void render_source(
	struct strbuf *out, const struct inspection *inspection, const struct menu_entry *entry)
{
	struct volume_set set = {.count = 0};
	struct text path;

	set_add(&set, split_config(entry->config, &path));
	set_add_files(&set, entry->kernel);
	set_add_files(&set, entry->initrds);
	set_add_files(&set, entry->hypervisor);
	set_add_files(&set, entry->devicetree);
	set_add_files(&set, entry->modules);
	render_disks(out, inspection);
	render_volumes(out, inspection, &set);
	if (path.len) {
		strbuf_adds(out, "config ");
		escape_add(out, path);
		if (entry->config_line)
			strbuf_addf(out, ":%" PRIu32, entry->config_line);
		strbuf_addc(out, '\n');
	}
	render_files(out, "xen", entry->hypervisor);
	render_files(out, "kernel", entry->kernel);
	render_files(out, "initrd", entry->initrds);
	render_files(out, "devicetree", entry->devicetree);
	render_modules(out, entry);
}
