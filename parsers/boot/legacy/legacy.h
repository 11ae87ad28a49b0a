/* GRUB Legacy inside: what the reader of its file hands to the runner of an entry. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/entry.h"
#include "parsers/boot/table.h"

/* A command of an entry, or a global one. */
struct legacy_command {
	struct legacy_command *next;
	struct text name, argument; /* argument: behind blanks and "=" */
};

struct legacy_title {
	struct legacy_title *next;
	struct text title, script; /* script: the lines as written */
	uint32_t line;
	struct legacy_command *first, *last;
};

/* One file, read. */
struct legacy_config {
	const struct volume_info *volume;
	struct text path, name; /* name: "(hd0,msdos1)/boot/grub/menu.lst" */
	struct legacy_title *titles;
	uint32_t count;
	uint64_t default_entry, *fallback;
	uint32_t n_fallback;
	struct text default_reason;
	bool default_saved, hidden;
	int64_t timeout_s; /* -1: none */
	struct text password;
};

/* A whole menu being made, over all files that `configfile` reaches. */
struct legacy {
	struct files *files;
	struct bootmenu *menu;
	struct err *err;
	uint64_t bytes_left; /* of all files together */
};

/*
 * Reads a file into titles with their commands; entries without a known command vanish, as in
 * GRUB Legacy. Errors of files_read_all(), -ENOMEM.
 */
int legacy_read(struct legacy *legacy, const struct volume_info *volume, struct text path,
	struct legacy_config *ret) MUST_CHECK;

/* Cuts a command's first word off as GRUB Legacy does: at blanks, with `equal` also at "=". */
struct text legacy_skip(struct text line, bool equal);

/* The password of a command's argument: "[--md5] PASSWORD [FILE]". */
struct password legacy_password(struct text argument);

/* A number as GRUB Legacy reads it: decimal or 0x, what follows is not looked at. */
bool legacy_number(struct text text, uint64_t *ret);

/*
 * Runs the title's commands into `entry`. *submenu is where a `configfile` leads (volume NULL:
 * nowhere).
 */
struct legacy_target {
	const struct volume_info *volume;
	struct text path;
};
int legacy_run(struct legacy *legacy, const struct legacy_config *config,
	const struct legacy_title *title, struct menu_entry *entry,
	struct legacy_target *submenu) MUST_CHECK;
