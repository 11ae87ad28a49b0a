/* GRUB 2: its configuration is a program, and it is run. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/parser.h"

extern const struct parser parser_grub2;

/* Where an installed GRUB stands before it reads its first file. */
struct grub_start {
	struct text root, prefix, cmdpath; /* "hd0,msdos1", "(hd0,msdos1)/boot/grub" */
	struct text script;                /* runs first; empty: none */
	struct text memdisk; /* the image of (memdisk), a volume already; empty: none */
};

/*
 * Does what such a GRUB does: runs the script, then reads grub.cfg in $prefix, unless the script
 * has shown a menu. Fills the menu as a parser does; config_volume and config_path become those
 * of the file whose menu is shown. -ENOENT: no configuration is there; the errors of a parser.
 */
int grub2_start(struct files *files, const struct grub_start *start, struct bootmenu *menu,
	struct err *err) MUST_CHECK;
