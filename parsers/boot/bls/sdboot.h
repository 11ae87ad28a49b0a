/* What systemd-boot does with BLS entries and unified kernel images alike: order, titles, default. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/entry.h"
#include "parsers/boot/table.h"

/* A menu item before the items are put in order. */
struct sd_entry {
	struct menu_entry entry; /* its title is put together at the end */
	struct text title, version, machine_id, sort_key, id;
	struct text base_id; /* the id without "@profile"; equal to id for most */
	uint32_t profile;    /* of a unified kernel image */
	int64_t left, done;  /* boot counter in the file name; -1: none */
	uint32_t order;      /* of finding, the last tie-break */
	struct text suffix;  /* used while titles are told apart */
};

struct sdboot {
	struct files *files;
	struct bootmenu *menu;
	struct err *err;
	struct sd_entry **at;
	uint32_t count;
	uint64_t bytes_left; /* of all files together */
	int problem;         /* -ENOMEM; -EFBIG: over a limit, the rest is left out */
	struct text only;    /* the one image that the firmware starts by itself; empty: a menu */
};

/*
 * Reads a menu whose configuration place is `path`: ".../loader/entries" or ".../EFI/Linux", or
 * one unified kernel image that the firmware starts by itself.
 * On an ESP or XBOOTLDR partition the others of the same disk count too, as with systemd-boot.
 */
int sdboot_parse(struct files *files, const struct volume_info *volume, struct text path,
	const struct parser *parser, struct bootmenu *menu, struct err *err) MUST_CHECK;

/* Appends a copy to the list. */
void sdboot_add(struct sdboot *sd, const struct sd_entry *entry);

/*
 * A whole small file. The errors of files_read_all(); over the common budget `problem` is set,
 * with a warning, and -EFBIG given.
 */
int sdboot_read(struct sdboot *sd, const struct volume_info *volume, struct text path,
	struct text *ret) MUST_CHECK;

/* Takes memory that a guest asks for from the common budget; false where nothing is left. */
bool sdboot_spend(struct sdboot *sd, uint64_t bytes) MUST_CHECK;

/* Names in a folder with this ending (any case), sorted; bounded by max_entries. */
int sdboot_names(struct sdboot *sd, const struct volume_info *volume, struct text folder,
	const char *ending, struct text **ret, uint32_t *count) MUST_CHECK;

/*
 * Sets id and boot counter from a file name: "a+2-1.conf" is the id "a.conf" with two tries left
 * and one done. The id is lower case.
 */
int sdboot_set_id(struct sdboot *sd, struct sd_entry *entry, struct text file_name) MUST_CHECK;

/* ASCII letters made small; text.at is NULL when memory is out. */
struct text sdboot_lower(struct sdboot *sd, struct text text);

/* The next "key value" line; false at the end. `separators` stand between both. */
bool sdboot_next(
	struct text *content, const char *separators, struct text *key, struct text *value);

/* The type 1 entries below base/loader/entries, the type 2 ones in base/EFI/Linux. */
void bls_collect(struct sdboot *sd, const struct volume_info *volume, struct text base);
void uki_collect(struct sdboot *sd, const struct volume_info *volume, struct text base);
/* sd->only, with its profiles. */
void uki_collect_only(struct sdboot *sd, const struct volume_info *volume);

/*
 * Kernel, initrds, devicetree and command line of a profile of a unified kernel image, as parts
 * of the file. -ENOENT: the image has no .linux section; the errors of pe_open().
 */
int uki_fill(struct sdboot *sd, const struct volume_info *volume, struct text path,
	uint32_t profile, struct menu_entry *entry) MUST_CHECK;

/* What the image calls itself: PRETTY_NAME of its .osrel; empty where it does not. */
int uki_name(struct sdboot *sd, const struct volume_info *volume, struct text path,
	struct text *ret) MUST_CHECK;
