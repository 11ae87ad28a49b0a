/* Which boot loader is installed on a guest's disks, and what it reads first. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/disk/blockdev.h"
#include "parsers/boot/grub2/grub2.h"

/* A part of a disk that can hold a boot sector: a partition, or a disk without a table. */
struct boot_part {
	const struct volume_info *volume; /* borrowed */
	struct blockdev dev;              /* the part itself */
	uint64_t start;                   /* bytes from the start of its disk */
	bool active;                      /* MBR's boot flag, GPT's legacy-bootable attribute */
};

struct boot_disk {
	struct text name;    /* "hd0" */
	struct blockdev dev; /* the whole disk */
	bool has_table;
	const struct boot_part *parts; /* in the order of their numbers */
	uint32_t n_parts;
};

/* All that the readers can see of a machine. */
struct boot_machine {
	struct files *files;
	const struct boot_disk *disks; /* in the firmware's order */
	uint32_t n_disks;
	struct text platform; /* "xen", "pc", "efi": who starts the boot loader */
};

/* An installed boot loader. Everything lives in the arena of the machine's files. */
struct installed {
	const struct parser *language; /* of its configuration; NULL: it cannot be followed */
	struct text title;             /* "GRUB 2.06-13+deb12u2" */
	struct text place;             /* "boot sector of hd0, core.img at sector 34" */
	struct text flavour; /* of GRUB 2: "debian", "fedora", "suse", "upstream"; empty: unknown */
	struct text version; /* "2.06-13+deb12u2"; empty: unknown */
	struct grub_start grub;           /* GRUB 2 */
	const struct volume_info *volume; /* others: the configuration; NULL: no such file */
	struct text path;
	struct text problem;  /* why it cannot be followed; empty: it can */
	const char *firmware; /* who starts it: "pc", "efi", "xen" */
};

/*
 * What the machine's firmware starts. platform "pc": the boot sectors; "efi": the EFI system
 * partitions; "xen": /boot/xen/pvboot-x86_64.elf as pvgrub looks for it, then boot sectors, then
 * EFI system partitions; empty ("auto"): boot sectors, then EFI system partitions. 1: *ret is what
 * was found; 0: nothing is installed; -ENOMEM.
 */
int installed_find(struct boot_machine *machine, struct installed *ret) MUST_CHECK;

/* ---- the readers of boot sectors (one file each), and their table ----------------------------- */

enum { BOOT_SECTOR = 512 };

/* The first sector of a disk or of a part of it. */
struct boot_sector {
	const struct boot_disk *disk;
	const struct boot_part *part; /* NULL: the disk's own */
	uint32_t disk_number;
	struct text place; /* "boot sector of hd0,msdos1" */
	uint8_t bytes[BOOT_SECTOR];
};

struct boot_record {
	const char *name;
	/*
	 * 0: the sector is not of this kind; 1: it is, and *ret (zeroed but for `firmware`) says
	 * what it starts, or `problem` why that is not known; -ENOMEM.
	 */
	int (*read)(struct boot_machine *machine, const struct boot_sector *sector,
		struct installed *ret);
};

/* In the order in which they are asked; NULL at the end. */
extern const struct boot_record *const boot_record_table[];

extern const struct boot_record boot_record_grub;     /* GRUB 2's boot.img */
extern const struct boot_record boot_record_legacy;   /* GRUB Legacy's stage1 */
extern const struct boot_record boot_record_syslinux; /* SYSLINUX, extlinux */
extern const struct boot_record boot_record_lilo;

/* The program that EFI firmware starts without variables of its own. As installed_find(). */
int installed_efi(struct boot_machine *machine, struct installed *ret) MUST_CHECK;

/* /boot/xen/pvboot-x86_64.elf, which pvgrub looks for before any configuration. */
int installed_pvgrub(struct boot_machine *machine, struct installed *ret) MUST_CHECK;

/* ---- what the readers share -------------------------------------------------------------------- */

/* Fills ret->problem. -ENOMEM, else 1, as a reader returns it. */
int installed_problem(struct boot_machine *machine, struct installed *ret, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* The part of a disk that holds a byte of it; NULL: none does. */
const struct boot_part *boot_part_at(const struct boot_disk *disk, uint64_t offset);

/* The part with this number, as boot loaders count partitions from 1; NULL: none. */
const struct boot_part *boot_part_number(const struct boot_disk *disk, uint32_t number);
