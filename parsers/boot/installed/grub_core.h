/* GRUB 2's core image: what its installer wrote into it, whatever starts it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/disk/blockdev.h"
#include "core/arena.h"
#include "core/err.h"

struct grub_core {
	struct text prefix;  /* as written: "(,msdos2)/boot/grub", "/EFI/debian" */
	struct text config;  /* the embedded script; empty: none */
	struct text memdisk; /* the embedded image; empty: none */
	uint8_t dos_part;    /* GRUB 1.9x: partition of an empty prefix, from 0; 0xff: none */
	bool old;            /* GRUB 1.9x */
};

enum {
	GRUB_CORE_PACKED = 1 << 20,    /* bytes: BIOS loads it below 640 KiB */
	GRUB_CORE_UNPACKED = 16 << 20, /* bytes: with a memdisk */
};

/*
 * Reads the core image of a BIOS that begins at `sector` of `disk`, by the block list in its first
 * sector, and unpacks it. -EUCLEAN, -ERANGE, -EIO with err: damaged, packed in an unknown way, or
 * outside the disk; -ENOMEM.
 */
int grub_core_read(const struct blockdev *disk, uint64_t sector, struct arena *arena,
	struct grub_core *ret, struct err *err) MUST_CHECK;

/*
 * Looks for the area of modules in a kernel with what stands behind it, or in the section of an
 * EFI or ELF program. Texts are copied into `arena`. -ENOENT: there is none; -ENOMEM.
 */
int grub_core_modules(struct text image, struct arena *arena, struct grub_core *ret) MUST_CHECK;
