/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LILO's boot sector: it knows sectors, no files; the map file's time tells whose it is. */
#include "parsers/boot/installed/installed.h"

#include "core/bytes.h"
#include "parsers/boot/table.h"

#include <errno.h>

/*
 * The boot sector of LILO 22 and later (first.S, common.h BOOT_PARAMS_1):
 *
 *	0x06 "LILO"   0x0a version: major, minor   0x0c time of the map file (4 bytes)
 *	0x1e device   0x1f flags: 0x20 LBA, 0x40 linear   0x20 sector of its second stage (4 bytes)
 */
struct lilo_head {
	uint8_t jump[6];
	char magic[4];
	uint8_t major, minor;
	struct le32 map_time; /* seconds since 1970 */
	struct le32 raid_offset, time, map_serial;
	struct le16 prompt;
	uint8_t device, flags;
	struct le32 sector;
} __attribute__((packed));
_Static_assert(sizeof(struct lilo_head) == 0x24, "BOOT_PARAMS_1");
enum { BY_SECTOR = 0x20 | 0x40 };

/* Is the map file of this very installation on the volume? */
static bool has_map(struct boot_machine *machine, const struct volume_info *volume,
	const struct lilo_head *head)
{
	static const char *const maps[] = {"/boot/map", "/map"};
	struct files *files = machine->files;
	struct file_stat stat;

	for (size_t i = 0; volume->readable && i < ARRAY_SIZE(maps); i++) {
		if (!files->ops->stat(files, volume, text_of(maps[i]), &stat) &&
			stat.type == FILE_REGULAR && stat.mtime_s > 0 &&
			stat.mtime_s == (int64_t)le32_get(head->map_time))
			return true;
	}
	return false;
}

/* The volume of the second stage: where LILO's files are. NULL: not known. */
static const struct volume_info *volume_of_stage2(struct boot_machine *machine,
	const struct boot_sector *sector, const struct lilo_head *head)
{
	uint32_t number = head->device - 0x80U;
	const struct boot_part *part;

	if (!(head->flags & BY_SECTOR))
		return NULL;
	if (head->device < 0x80 || number >= machine->n_disks)
		number = sector->disk_number;
	part = boot_part_at(
		&machine->disks[number], (uint64_t)le32_get(head->sector) * BOOT_SECTOR);
	return part ? part->volume : NULL;
}

static const struct volume_info *find_volume(struct boot_machine *machine,
	const struct boot_sector *sector, const struct lilo_head *head)
{
	const struct volume_info *volume;

	for (uint32_t i = 0; (volume = machine->files->ops->volume(machine->files, i)); i++) {
		if (has_map(machine, volume, head))
			return volume;
	}
	volume = volume_of_stage2(machine, sector, head);
	return volume ? volume : sector->part ? sector->part->volume : NULL;
}

/* /boot may be a file system of its own; then /etc/lilo.conf is elsewhere. */
static const struct volume_info *with_config(
	struct boot_machine *machine, const struct volume_info *first)
{
	struct text path = TEXT("/etc/lilo.conf");
	const struct volume_info *volume;

	if (first && first->readable && files_is_regular(machine->files, first, path))
		return first;
	for (uint32_t i = 0; (volume = machine->files->ops->volume(machine->files, i)); i++) {
		if (volume->readable && files_is_regular(machine->files, volume, path))
			return volume;
	}
	return NULL;
}

static int read_lilo(
	struct boot_machine *machine, const struct boot_sector *sector, struct installed *ret)
{
	struct lilo_head head;

	memcpy(&head, sector->bytes, sizeof(head));
	if (memcmp(head.magic, "LILO", sizeof(head.magic)) != 0)
		return 0;
	if (arena_printf(machine->files->arena, &ret->version, "%u.%u", head.major, head.minor) ||
		arena_printf(
			machine->files->arena, &ret->title, "LILO %.*s", TEXT_ARG(ret->version)))
		return -ENOMEM;
	ret->place = sector->place;
	ret->volume = with_config(machine, find_volume(machine, sector, &head));
	ret->path = TEXT("/etc/lilo.conf");
	if (!ret->volume)
		return installed_problem(machine, ret,
			"it boots from a list of sectors, and no /etc/lilo.conf says of which");
	ret->language = &parser_lilo;
	return 1;
}

const struct boot_record boot_record_lilo = {.name = "LILO", .read = read_lilo};
