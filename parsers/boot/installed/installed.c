/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/installed/installed.h"

#include "core/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

const struct boot_record *const boot_record_table[] = {
	&boot_record_grub,
	&boot_record_legacy,
	&boot_record_syslinux,
	&boot_record_lilo,
	NULL,
};

/* ---- what the readers share -------------------------------------------------------------------- */

int installed_problem(struct boot_machine *machine, struct installed *ret, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ret->language = NULL;
	return arena_text(machine->files->arena, text_of(text), &ret->problem) ? -ENOMEM : 1;
}

const struct boot_part *boot_part_at(const struct boot_disk *disk, uint64_t offset)
{
	for (uint32_t i = 0; i < disk->n_parts; i++) {
		const struct boot_part *part = &disk->parts[i];

		if (offset >= part->start && offset - part->start < part->dev.size)
			return part;
	}
	return NULL;
}

const struct boot_part *boot_part_number(const struct boot_disk *disk, uint32_t number)
{
	for (uint32_t i = 0; i < disk->n_parts; i++) {
		if (disk->parts[i].volume->number == number)
			return &disk->parts[i];
	}
	return NULL;
}

/* ---- a BIOS ------------------------------------------------------------------------------------ */

enum { CODE = 440, SIGNATURE = 510 }; /* bytes of code in front of an MBR's table; 55 aa */

/* Could a BIOS start this sector, and does it hold a program at all? */
static bool is_program(const uint8_t *bytes)
{
	if (bytes[SIGNATURE] != 0x55 || bytes[SIGNATURE + 1] != 0xaa)
		return false;
	for (size_t i = 0; i < CODE; i++) {
		if (bytes[i])
			return true;
	}
	return false;
}

/* Fills the sector; false: it cannot be read, or nothing starts there. */
static int load(struct boot_machine *machine, struct boot_sector *sector)
{
	const struct blockdev *dev = sector->part ? &sector->part->dev : &sector->disk->dev;
	struct text name = sector->part ? sector->part->volume->name : sector->disk->name;

	if (arena_printf(
		    machine->files->arena, &sector->place, "boot sector of %.*s", TEXT_ARG(name)))
		return -ENOMEM;
	return dev->size >= BOOT_SECTOR && !blockdev_read(dev, 0, sector->bytes, BOOT_SECTOR) &&
	       is_program(sector->bytes);
}

static int ask_table(
	struct boot_machine *machine, const struct boot_sector *sector, struct installed *ret)
{
	const struct boot_record *const *record = boot_record_table;
	int r = 0;

	for (; *record && !r; record++)
		r = (*record)->read(machine, sector, ret);
	return r;
}

/*
 * Syslinux' altmbr.bin starts the partition whose number stands behind its code, and reads that
 * byte twice ("fe 0e b7 07" counts it down). NULL: the sector is no altmbr.bin.
 */
static const struct boot_part *part_of_altmbr(const struct boot_sector *sector)
{
	static const uint8_t counts_down[] = {0xfe, 0x0e, 0xb7, 0x07};

	if (!memmem(sector->bytes, CODE, counts_down, sizeof(counts_down)))
		return NULL;
	return boot_part_number(sector->disk, sector->bytes[CODE - 1]);
}

/* What an MBR of no known boot loader starts: the active partition. */
static const struct boot_part *active_part(const struct boot_sector *sector)
{
	const struct boot_part *named = part_of_altmbr(sector);

	if (named)
		return named;
	for (uint32_t i = 0; i < sector->disk->n_parts; i++) {
		if (sector->disk->parts[i].active)
			return &sector->disk->parts[i];
	}
	return NULL;
}

/* An MBR that only starts a partition. */
static int ask_partition(
	struct boot_machine *machine, struct boot_sector *sector, struct installed *ret)
{
	struct text mbr = sector->place;
	int r;

	sector->part = active_part(sector);
	if (!sector->part) {
		ret->place = mbr;
		return installed_problem(
			machine, ret, "it is of no known boot loader, and no partition is active");
	}
	r = load(machine, sector);
	if (r > 0)
		r = ask_table(machine, sector, ret);
	if (r)
		return r;
	ret->place = mbr;
	return installed_problem(machine, ret, "it starts %.*s, which has no known boot loader",
		TEXT_ARG(sector->part->volume->name));
}

static int ask_disk(struct boot_machine *machine, uint32_t number, struct installed *ret)
{
	struct boot_sector sector = {
		.disk = &machine->disks[number],
		.disk_number = number,
	};
	int r = load(machine, &sector);

	if (r <= 0)
		return r;
	r = ask_table(machine, &sector, ret);
	if (r)
		return r;
	if (sector.disk->has_table)
		return ask_partition(machine, &sector, ret);
	ret->place = sector.place;
	return installed_problem(machine, ret, "it is of no known boot loader");
}

/* The first disk that has a program in its first sector. */
static int installed_bios(struct boot_machine *machine, struct installed *ret)
{
	int r = 0;

	*ret = (struct installed){.firmware = "pc"};
	for (uint32_t i = 0; i < machine->n_disks && !r; i++)
		r = ask_disk(machine, i, ret);
	return r;
}

/* ---- who starts what ----------------------------------------------------------------------------- */

static int bios_then_efi(struct boot_machine *machine, struct installed *ret)
{
	struct installed bios = {.firmware = "pc"};
	int found = installed_bios(machine, &bios), r;

	if (found < 0 || (found && bios.language)) {
		*ret = bios;
		return found;
	}
	/* A boot sector that only says it is none (mkfs.vfat's) does not hide an EFI program. */
	r = installed_efi(machine, ret);
	if (r || !found)
		return r;
	*ret = bios;
	return found;
}

int installed_find(struct boot_machine *machine, struct installed *ret)
{
	int r = 0;

	*ret = (struct installed){.firmware = ""};
	if (text_is(machine->platform, "pc"))
		return installed_bios(machine, ret);
	if (text_is(machine->platform, "efi"))
		return installed_efi(machine, ret);
	if (text_starts(machine->platform, TEXT("xen")))
		r = installed_pvgrub(machine, ret);
	return r ? r : bios_then_efi(machine, ret);
}
