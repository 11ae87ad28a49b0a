/* Files of /loader/entries, as Fedora's blscfg reads and sorts them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/grub2/script/interp.h"

struct grub_bls_field {
	struct grub_bls_field *next;
	struct text key, value;
};

struct grub_bls_file {
	struct grub_bls_file *next;
	struct text id, full, content; /* id: the name without .conf; full: with its device */
	struct grub_bls_field *fields;
};

/* A folder of them. */
struct grub_bls {
	struct grub *g;
	const struct volume_info *volume;
	struct text folder;
	struct grub_bls_file *files;
	uint32_t count;
	int failed;
};

/* Reads every file of the folder into bls->files. Below 0: the folder cannot be read. */
int grub_bls_read(struct grub_bls *bls) MUST_CHECK;

/* Reads one file of the folder, where it is there and no bigger than 1 MiB. */
void grub_bls_read_file(struct grub_bls *bls, struct text name);

/* Highest version first; of two that compare equal one is dropped. */
struct grub_bls_file *grub_bls_sort(struct grub_bls_file *list);

/* The next field of this name behind `after` (NULL: the first); NULL: no more. */
const struct grub_bls_field *grub_bls_field(
	const struct grub_bls_file *file, const struct grub_bls_field *after, const char *key);

/* The first field's value; empty: none. */
struct text grub_bls_value(const struct grub_bls_file *file, const char *key);
