/* All that a parser sees of a guest: volumes by name, files by path. No descriptor, no clock. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/menu.h"
#include "core/err.h"
#include "model/limits.h"
#include "model/report.h"

#include <errno.h>

/* A volume under GRUB's names. Borrowed from whoever implements `struct files`. */
struct volume_info {
	struct text name;      /* canonical: "hd0", "hd0,msdos1", "lvm/vg-root", "loop0" */
	struct text disk_name; /* "hd0"; empty for volumes that lie on no single disk */
	struct text fs_name;   /* libblkid's type: "ext4", "vfat"; empty: none known */
	struct text uuid, label, partmap, part_uuid;
	struct text part_label, part_type; /* of a GPT: the partition's name, its type's UUID */
	uint64_t part_attributes;          /* of a GPT */
	struct text disk_uuid;             /* of a GPT, on the volume that is the whole disk */
	uint32_t number;                   /* partition number; 0 for others */
	bool readable;                     /* its file system can be read */
	bool esp;                          /* EFI system partition or XBOOTLDR */
};

enum file_type { FILE_REGULAR, FILE_FOLDER, FILE_OTHER };

struct file_stat {
	enum file_type type;
	uint64_t size;     /* bytes */
	int64_t mtime_s;   /* seconds since 1970 */
	uint64_t identity; /* see struct content */
};

/* Non-zero stops the listing and is returned. */
typedef int files_visit(void *context, struct text name);

struct files;

/*
 * The few functions through which guests are seen; tests implement them over memory. Paths are
 * followed as the guest's file system follows them: from its root, links and ".." inside it,
 * a final link too. Errors: -ENOENT, -ENOTDIR, -EISDIR, -ELOOP, -ENAMETOOLONG, -EIO, -EFBIG,
 * -ENOTSUP (the volume cannot be read), -ENOMEM.
 */
struct files_ops {
	/* GRUB's order of search; NULL past the last. Stable pointers; loopback may append. */
	const struct volume_info *(*volume)(struct files *files, uint32_t index);
	/* By name without parentheses, any of GRUB's spellings ("hd0,1"); NULL: none. */
	const struct volume_info *(*find)(struct files *files, struct text name);
	int (*stat)(struct files *files, const struct volume_info *volume, struct text path,
		struct file_stat *ret);
	/* [offset, offset + max) of a regular file, shorter at its end, into the arena. */
	int (*read)(struct files *files, const struct volume_info *volume, struct text path,
		uint64_t offset, uint64_t max, struct text *ret);
	/* Every name but "." and "..", in no particular order. */
	int (*list)(struct files *files, const struct volume_info *volume, struct text path,
		files_visit *visit, void *context);
	/* NULL where loopback devices are not offered. remove: volume and path are not looked at.
	 */
	int (*loopback)(struct files *files, struct text name, const struct volume_info *volume,
		struct text path, bool remove);
};

/* Settings of one inspection that a configuration language can see. */
struct parse_settings {
	struct text platform; /* $grub_platform: "xen", "pc", "efi" */
	/* "debian", "fedora", "suse", "upstream"; empty: found out (grub2/flavour.h) */
	struct text flavour;
	/* What the installed boot loader, which is followed, says of itself; empty: nothing. */
	struct text loader_flavour, loader_version;
	bool ignore_one_shot; /* next_entry and the like read as unset */
};

struct files {
	const struct files_ops *ops;
	struct arena *arena;   /* of the inspection; its limit bounds what a parser can build */
	struct report *report; /* warnings with file and line */
	const struct limits *limits;
	const struct parse_settings *settings;
	void *context; /* the implementation's own */
};

/* A whole regular file, at most limits->max_config bytes: -EFBIG for more. */
int files_read_all(struct files *files, const struct volume_info *volume, struct text path,
	struct text *ret) MUST_CHECK;

/* Is there a regular file (through links)? */
bool files_is_regular(struct files *files, const struct volume_info *volume, struct text path);

/* "(hd0,msdos1)/boot/grub/grub.cfg" in the arena; empty text when memory is out. */
struct text files_full_name(
	struct files *files, const struct volume_info *volume, struct text path);
