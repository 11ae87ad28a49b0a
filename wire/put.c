/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/wire.h"
#include "wire/entry.h"
#include "wire/head.h"

#include <errno.h>

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

void wire_put_content(struct strbuf *buf, const struct content *content)
{
	wire_put_u8(buf, content->present);
	if (!content->present)
		return;
	wire_put_u64(buf, content->size);
	wire_put_u64(buf, content->identity);
	wire_put_u32(buf, content->count);
	for (uint32_t i = 0; i < content->count; i++) {
		const struct piece *piece = &content->pieces[i];

		wire_put_u8(buf, (uint8_t)piece->kind);
		wire_put_u32(buf, piece->disk);
		wire_put_u64(buf, piece->at);
		wire_put_u64(buf, piece->length);
	}
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

static void put_menu(struct strbuf *buf, const struct bootmenu *menu)
{
	wire_put_text(buf, menu->loader);
	wire_put_text(buf, menu->title);
	wire_put_text(buf, menu->flavour);
	wire_put_text(buf, menu->flavour_reason);
	wire_put_text(buf, menu->platform);
	wire_put_text(buf, menu->config_volume);
	wire_put_text(buf, menu->config_path);
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
