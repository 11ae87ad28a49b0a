/* The bytes of a kernel, as the readers of its headers see them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/files.h"

struct kernel_bytes {
	struct files
		*files; /* with a scratch arena: what is read dies with the look at the kernel */
	const struct volume_info *volume;
	struct text path;
	uint64_t start, size; /* bytes: the part of the file that is the kernel */
};

/* At most `max` bytes at `offset`; fewer at the end, none outside or when it cannot be read. */
struct text kernel_peek(const struct kernel_bytes *kernel, uint64_t offset, uint64_t max);

/* Exactly `length` bytes into `out`; false where the kernel has fewer. */
bool kernel_get(const struct kernel_bytes *kernel, uint64_t offset, void *out, size_t length);

/*
 * The Xen notes of an ELF program that begins at `offset` (xen/include/public/elfnote.h): sets
 * xen_pv and xen_pvh. False: no ELF program that could be read.
 */
bool xen_notes_read(const struct kernel_bytes *kernel, uint64_t offset, struct kernel_info *ret);

/* The same out of the kernel's configuration, looked for by its version and its name. */
void kernel_config_read(const struct kernel_bytes *kernel, struct kernel_info *ret);
