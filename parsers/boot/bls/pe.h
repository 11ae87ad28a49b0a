/* The sections of a PE program: what a unified kernel image is made of. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/files.h"

struct pe_section {
	char name[9];
	uint64_t offset, length; /* bytes of the file; length 0: empty, or outside the file */
	bool outside;            /* its header points outside the file */
};

/* Sections in the order of the table; they live in files->arena. */
struct pe {
	const struct pe_section *sections;
	uint32_t count;
	uint16_t machine;  /* IMAGE_FILE_MACHINE_*: 0x8664 x86-64 */
	uint32_t profiles; /* sections named .profile */
};

/*
 * Reads the section table of a regular file (Microsoft's "PE Format"). -EINVAL: no PE program;
 * the errors of struct files_ops; -ENOMEM.
 */
int pe_open(struct files *files, const struct volume_info *volume, struct text path,
	struct pe *ret) MUST_CHECK;

/*
 * A section as systemd-stub picks it: of the profile with this number (sections between its
 * .profile and the next), else of what stands before the first .profile. NULL: none.
 */
const struct pe_section *pe_find(const struct pe *pe, const char *name, uint32_t profile);
