/* Files of /loader/entries, as Fedora's blscfg reads and sorts them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/grub2/commands/commands.h"

struct grub_bls_field {
	struct grub_bls_field *next;
	struct text key, value;
};

struct grub_bls_file {
	struct grub_bls_file *next;
	struct text name, id, full, content; /* id: the name without .conf; full: with its device */
	struct grub_bls_field *fields;
};

/* Whose rules: Fedora's, or upstream's since GRUB 2.14; that one's for unified kernel images. */
enum grub_bls_kind { BLS_FEDORA, BLS_UPSTREAM, BLS_UKI };

/* A folder of them. */
struct grub_bls {
	struct grub *g;
	enum grub_bls_kind kind;
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
struct grub_bls_file *grub_bls_sort(struct grub_bls_file *list, enum grub_bls_kind kind);

/* The next field of this name behind `after` (NULL: the first); NULL: no more. */
const struct grub_bls_field *grub_bls_field(
	const struct grub_bls_file *file, const struct grub_bls_field *after, const char *key);

/* The first field's value; empty: none. */
struct text grub_bls_value(const struct grub_bls_file *file, const char *key);

/* ---- blscfg.c ------------------------------------------------------------------------------ */

/*
 * Adds a value to `buf` with the variables in it, each followed by a blank. False: there was nothing
 * to add; one letter is nothing, as GRUB counts.
 */
bool grub_bls_expand(struct grub *g, struct strbuf *buf, struct text value);

/* Who may start the entry. False: memory is out. */
bool grub_bls_set_users(struct grub *g, struct grub_item *item, struct text value) MUST_CHECK;

/* The title and the values of grub_arg as the entry's $1, $2... GRUB_OUT_OF_MEMORY. */
int grub_bls_set_args(
	struct grub *g, struct grub_item *item, const struct grub_bls_file *file) MUST_CHECK;

/* ---- blsuki.c ------------------------------------------------------------------------------ */

/* Is a `blscfg` with these arguments the one that upstream has since 2.14? */
bool grub_blsuki_is_meant(const struct grub *g, const struct grub_call *call);

int grub_blsuki_run(struct grub *g, const struct grub_call *call);
