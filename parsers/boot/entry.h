/* What all languages do when they make entries: files, paths, and looking whether they exist. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/parser.h"

/* The menu's place and language; to be called before anything else is put into it. */
void menu_begin(struct files *files, struct bootmenu *menu, const struct parser *parser,
	const struct volume_info *volume, struct text path);

/*
 * Appends an entry as number `place` below `parent` (NULL: at the top). NULL and a warning when
 * the menu is full or memory is out; -EFBIG or -ENOMEM is then in *problem.
 */
struct menu_entry *menu_add(struct files *files, struct bootmenu *menu,
	const struct menu_entry *parent, uint32_t place, int *problem) MUST_CHECK;

/* Appends a file of a volume to a list of an entry. NULL: out of memory. */
struct boot_file *entry_add_file(struct files *files, struct boot_file **list,
	const struct volume_info *volume, struct text path) MUST_CHECK;

/* Says why an entry cannot boot; the first reason stays. */
void entry_refuse(struct files *files, struct menu_entry *entry, const char *format, ...)
	PRINTF_LIKE(3, 4);

/*
 * The lines of an entry for people to read: in a copy of those that hold passwords nothing stands
 * behind the word up to one of `ends`, which end a statement. Empty text: out of memory.
 */
struct text entry_script(struct files *files, struct text script, const char *ends);

/*
 * `path` as seen from `folder`, absolute, "." and empty parts dropped, and ".." as well where
 * that leads to the same file (not over a link). Empty text: out of memory.
 */
struct text path_join(struct files *files, const struct volume_info *volume, struct text folder,
	struct text path);

/* The folder part of a path, "/" for a file at the top. */
struct text path_folder(struct text path);

/*
 * Numbers the menu and looks whether every file of every entry that could boot is there: a
 * missing one goes into entry->error and, with the entry's number, into the report.
 */
void menu_check_files(struct files *files, struct bootmenu *menu);

/* Says in the log that the default waits for a password. For a menu that is complete. */
void menu_note_password(struct files *files, const struct bootmenu *menu);

/* The headings' and entries' common ground: the n-th child of `parent` (NULL: of the top). */
struct menu_entry *menu_child(
	const struct bootmenu *menu, const struct menu_entry *parent, uint32_t place);

/* -ENOMEM, with err filled. */
int no_memory(struct err *err);
