/* A guest in memory for tests of parsers: volumes with names, files by path. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/files.h"

/*
 * One guest, with everything a parser is given. Use as
 *
 *	struct memfiles guest;
 *	memfiles_init(&guest);                          with the volume hd0,msdos1
 *	memfiles_add(&guest, "(hd0,msdos1)/boot/k", "kernel");
 *	... parser->parse(&guest.files, memfiles_find(&guest, "hd0,msdos1"), path, &guest.menu, ...)
 *	memfiles_done(&guest);
 *
 * Any misuse is a mistake of the test and aborts. Limits and settings may be changed before use.
 */
struct memfiles {
	struct files files;
	struct arena arena; /* what the parser builds; the guest itself lies elsewhere */
	struct report report;
	struct limits limits;
	struct parse_settings settings;
	struct bootmenu menu;
	struct memfiles_volume *volumes[64];
	uint32_t count;
	uint64_t reads, stats; /* how often the parser asked */
	uint64_t next_identity;
};

/* An empty guest with one ext4 volume: hd0,msdos1, UUID 3f0c2c1e-..., label "root". */
void memfiles_init(struct memfiles *guest);
/* The same without any volume. */
void memfiles_init_empty(struct memfiles *guest);
void memfiles_done(struct memfiles *guest);

/*
 * A volume behind the others. `name` decides disk, partition number and table: "hd1,gpt2".
 * NULL for uuid or label: none. The result may be changed by the test (fs_name, esp, readable).
 */
struct volume_info *memfiles_volume(
	struct memfiles *guest, const char *name, const char *uuid, const char *label);

const struct volume_info *memfiles_find(struct memfiles *guest, const char *name);

/* A regular file with its folders: "(hd0,msdos1)/boot/grub/grub.cfg". Replaces an older one. */
void memfiles_add(struct memfiles *guest, const char *name, const char *content);
void memfiles_add_bytes(
	struct memfiles *guest, const char *name, const void *content, size_t length);
void memfiles_folder(struct memfiles *guest, const char *name);
/* A symbolic link. */
void memfiles_link(struct memfiles *guest, const char *name, const char *target);
/* A fifo or device, as FILE_OTHER. */
void memfiles_other(struct memfiles *guest, const char *name);
void memfiles_mtime(struct memfiles *guest, const char *name, int64_t mtime_s);

/*
 * The volume that `loopback` finds in this file; files are added to it as
 * "(IMAGE)/casper/vmlinuz" with the name given here: memfiles_image(guest, "iso", "(hd0,1)/x.iso").
 */
struct volume_info *memfiles_image(struct memfiles *guest, const char *image, const char *file);

/* The first line of the report of this kind that contains `part`; NULL: none. */
const struct report_line *memfiles_said(
	const struct memfiles *guest, enum report_kind kind, const char *part);
