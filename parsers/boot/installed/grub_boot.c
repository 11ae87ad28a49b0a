/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GRUB 2's boot.img in a boot sector, and what it leads to. */
#include "parsers/boot/installed/grub_core.h"
#include "parsers/boot/installed/grub_start.h"
#include "parsers/boot/installed/installed.h"

#include "core/bytes.h"

#include <errno.h>
#include <inttypes.h>

/*
 * boot.img (GRUB's grub-core/boot/i386/pc/boot.S):
 *
 *	0x00 eb 63     jump over the BIOS parameter block
 *	0x5a           address of the next stage: 0x8000
 *	0x5c           sector of the core image, from the start of the disk (8 bytes)
 *	0x64           its drive: 0xff the one that was booted, else 0x80 and up
 *	...            "GRUB \0Geom\0Hard Disk\0Read\0 Error"
 */
enum { AT_ADDRESS = 0x5a, AT_SECTOR = 0x5c, AT_DRIVE = 0x64, ANY_DRIVE = 0xff, FIRST_DISK = 0x80 };

static bool is_boot_img(const uint8_t *bytes)
{
	static const char words[] = "GRUB \0Geom\0Hard Disk\0Read";
	struct le16 address;

	memcpy(&address, bytes + AT_ADDRESS, sizeof(address));
	return bytes[0] == 0xeb && bytes[1] == 0x63 && le16_get(address) == 0x8000 &&
	       memmem(bytes, BOOT_SECTOR, words, sizeof(words));
}

static const struct boot_disk *disk_of_drive(
	const struct boot_machine *machine, const struct boot_sector *sector, uint8_t drive)
{
	uint32_t number = drive - (uint32_t)FIRST_DISK;

	if (drive == ANY_DRIVE)
		return sector->disk;
	return drive >= FIRST_DISK && number < machine->n_disks ? &machine->disks[number] : NULL;
}

/* "core.img in hd0,gpt1 at sector 2048" */
static int describe_place(struct boot_machine *machine, const struct boot_sector *sector,
	const struct boot_disk *disk, uint64_t at, struct installed *ret)
{
	const struct boot_part *part =
		at < UINT64_MAX / BOOT_SECTOR ? boot_part_at(disk, at * BOOT_SECTOR) : NULL;
	struct text name = part ? part->volume->name : disk->name;

	return arena_printf(machine->files->arena, &ret->place,
		"%.*s, core.img at sector %" PRIu64 " (%.*s)", TEXT_ARG(sector->place), at,
		TEXT_ARG(name));
}

/* A BIOS gives the drive; GRUB 1.9x has the partition of an empty prefix beside it. */
static int start_core(struct boot_machine *machine, const struct boot_disk *disk,
	const struct grub_core *core, struct installed *ret)
{
	struct text device = disk->name;

	ret->title = core->old ? TEXT("GRUB 1.9x") : TEXT("GRUB 2");
	ret->language = &parser_grub2;
	if (core->dos_part != 0xff && arena_printf(machine->files->arena, &device, "%.*s,%u",
					      TEXT_ARG(disk->name), core->dos_part + 1U))
		return -ENOMEM;
	return grub_start_of(machine->files, core, device, (struct text){0}, &ret->grub);
}

static int read_boot_img(
	struct boot_machine *machine, const struct boot_sector *sector, struct installed *ret)
{
	struct grub_core core = {.old = false};
	const struct boot_disk *disk;
	struct err err = {0};
	struct le64 at;
	int r;

	if (!is_boot_img(sector->bytes))
		return 0;
	ret->title = TEXT("GRUB 2");
	ret->place = sector->place;
	memcpy(&at, sector->bytes + AT_SECTOR, sizeof(at));
	disk = disk_of_drive(machine, sector, sector->bytes[AT_DRIVE]);
	if (!disk)
		return installed_problem(machine, ret,
			"its core.img lies on drive 0x%02x, which is not there",
			sector->bytes[AT_DRIVE]);
	if (describe_place(machine, sector, disk, le64_get(at), ret))
		return -ENOMEM;
	r = grub_core_read(&disk->dev, le64_get(at), machine->files->arena, &core, &err);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return installed_problem(machine, ret, "core.img: %s", err.text);
	r = start_core(machine, disk, &core, ret);
	return r < 0 ? r : 1;
}

const struct boot_record boot_record_grub = {.name = "GRUB 2", .read = read_boot_img};
