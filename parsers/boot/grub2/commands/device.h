/* GRUB's names of devices and files: "(hd0,msdos1)/boot/vmlinuz". */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/grub2/script/interp.h"

/* Without parentheses, any spelling; loopback names first. NULL: no such device. */
const struct volume_info *grub_device_find(struct grub *g, struct text name);

/* The n-th device in GRUB's order of search, loopback devices as they are now. NULL: no more. */
const struct volume_info *grub_device_at(struct grub *g, uint32_t *index);

/* The name scripts know a volume by: a loopback device has the name it was given. */
struct text grub_device_name(struct grub *g, const struct volume_info *volume);

/*
 * Where a file name points: "(dev)/path", or "/path" on $root. GRUB_OK; GRUB_BAD_FILENAME for a
 * name of another form (block lists too), GRUB_UNKNOWN_DEVICE, GRUB_UNKNOWN_FS. `reason` (may be
 * NULL) is what to tell a person.
 */
int grub_file_locate(struct grub *g, struct text name, const struct volume_info **volume,
	struct text *path, const char **reason) MUST_CHECK;

/* The same for a regular file that must be there: GRUB_NOT_FOUND as well. */
int grub_file_find(struct grub *g, struct text name, const struct volume_info **volume,
	struct text *path, const char **reason) MUST_CHECK;
