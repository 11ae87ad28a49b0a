/* Makes GRUB 2's core images for tests, as grub-mkimage and grub-bios-setup write them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

#include <stddef.h>
#include <stdint.h>

/* What goes into one; empty texts are left out. */
struct core_recipe {
	struct text prefix, config, memdisk;
	uint32_t redundancy; /* bytes of Reed-Solomon codes behind it; 0: none */
	uint32_t padding;    /* bytes of the last block of its file behind it */
};

enum { CORE_DECOMPRESSOR = 0xb20 }; /* bytes of code in front of the payload */

/* The area of modules alone, 64 bits wide: an EFI program's section "mods". malloc'ed. */
unsigned char *core_modules(const struct core_recipe *recipe, size_t *size);

/* The image from its first sector on, its block list pointing at `sector` + 1. malloc'ed. */
unsigned char *core_image(const struct core_recipe *recipe, uint64_t sector, size_t *size);

/* A boot sector that starts the core image at `sector` (boot.img). */
void core_boot_sector(uint8_t *sector_bytes, uint64_t sector);
