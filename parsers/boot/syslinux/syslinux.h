/* extlinux, syslinux, isolinux inside: what the reader hands to the maker of entries. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/entry.h"
#include "parsers/boot/table.h"

/* What KERNEL, LINUX, COM32... said the file is; KERNEL leaves it to the file's name. */
enum ext_kind { EXT_KERNEL, EXT_LINUX, EXT_COM32, EXT_OTHER };

/* One LABEL with everything up to the next one. */
struct ext_label {
	struct ext_label *next;
	struct menu_entry *entry; /* NULL: hidden */
	bool open;                /* a LABEL has begun */
	struct text label, title, kernel, append, initrd, devicetree, script, config;
	struct text kind_name; /* the keyword: "kernel", "localboot", "menu quit" */
	uint32_t line, file;   /* file: which reading of a file it began in */
	enum ext_kind kind;
	struct password password; /* MENU PASSWD; empty with `restricted`: the master's */
	bool has_append, hidden, is_default, disabled, restricted;
};

/* A menu: the top one, or what stands between MENU BEGIN and MENU END. */
struct ext_menu {
	struct ext_menu *next, *parent;
	struct menu_entry *heading; /* NULL: the top */
	uint32_t count;             /* entries and headings in it */
	struct menu_entry *chosen;  /* MENU DEFAULT */
	bool has_label;             /* MENU LABEL gave the heading its title */
};

/* A whole menu being made. */
struct extlinux {
	struct files *files;
	struct bootmenu *bootmenu;
	struct err *err;
	const struct volume_info *volume;
	struct text folder;                         /* where relative paths begin */
	struct text root;                           /* where absolute ones do: "", or "/@" */
	struct ext_menu top, *menu, *start, *menus; /* menus: all but the top one */
	struct text place;                          /* the file being read, with its volume */
	uint32_t place_line;
	struct ext_label label;                 /* being read */
	struct ext_label *labels, **last_label; /* all that may be named, hidden ones too */
	struct text append, default_label, ontimeout;
	uint64_t timeout, total_timeout; /* tenths of a second; 0: none */
	bool has_ui, has_append, menu_hidden, prompt;
	bool u_boot;         /* U-Boot reads it: the kernels are for ARM */
	uint64_t bytes_left; /* of all files together */
	uint32_t files_left, depth;
	int problem; /* -ENOMEM or -EFBIG: stop */
};

/* Reads a file and what it includes into entries of the menu. The errors of files_read_all(). */
int extlinux_read(struct extlinux *ext, struct text path) MUST_CHECK;

/* Ends the label that is being read, if one is: makes an entry of it unless it is hidden. */
void extlinux_record(struct extlinux *ext);

/* Sets the menu's default when everything is read. */
void extlinux_choose(struct extlinux *ext);

/*
 * The label that a command line names, as DEFAULT and the prompt have it. *arguments is what the
 * line has besides. NULL: none.
 */
const struct ext_label *extlinux_find(
	struct extlinux *ext, struct text line, bool hidden_too, struct text *arguments);

/* When everything is read: entries that run another label, and device trees that nobody reads. */
void extlinux_complete(struct extlinux *ext);

/* Is the file a kernel for ARM? */
bool extlinux_is_arm(struct extlinux *ext, const struct boot_file *file);

/* The arguments of a label: its own APPEND or the common one. */
struct text extlinux_append(const struct extlinux *ext, const struct ext_label *label);

/* Two pieces of a command line with a blank between; where one is empty, the other. */
struct text extlinux_join(struct extlinux *ext, struct text first, struct text second);

/* Makes an entry of a label in `menu`. */
struct menu_entry *extlinux_make(
	struct extlinux *ext, struct ext_menu *menu, const struct ext_label *label);

/* Where the file `name` lies, by its path on the volume. */
struct text extlinux_path(struct extlinux *ext, struct text name);

/* Without the carets that mark a key. */
struct text extlinux_title(struct extlinux *ext, struct text title);
