/* One answer: what an inspection found. Filled by the child, decoded by the asker. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/bootmenu.h"
#include "core/err.h"
#include "core/report.h"

/* What this kernel or this user could not give to the sandbox; it holds without them. */
enum sandbox_gap {
	GAP_NAMESPACES = 1 << 0, /* no mount, pid, ipc and uts namespaces of its own */
	GAP_PIVOT = 1 << 1,      /* chroot to an empty folder instead of an own root */
	GAP_ROOT = 1 << 2,       /* still sees the host's root (and has no call to open a file) */
	GAP_USER = 1 << 3,       /* runs under the asker's user */
	GAP_LANDLOCK = 1 << 4,   /* no Landlock */
	GAP_ALL = (1 << 5) - 1,
};

struct inspection_disk {
	struct text name;     /* "hd0" */
	struct text path;     /* as asked */
	uint64_t size;        /* bytes */
	uint64_t device;      /* st_rdev; 0: a file */
	uint64_t file_device; /* st_dev of a file; 0: a block device */
	uint64_t inode;       /* st_ino of a file; 0: a block device */
	struct text table;    /* "MBR", "GPT", "" */
};

struct inspection_volume {
	struct text name, fs_name, uuid, label; /* "hd0,msdos1", "ext4", ... */
	uint64_t size;                          /* bytes */
};

/* Everything lives in `arena`, which lives in the inspection. */
struct inspection {
	struct arena arena;
	struct report report;
	struct bootmenu menu;
	struct inspection_disk disks[MAX_DISKS];
	uint32_t n_disks;
	struct inspection_volume *volumes;
	uint32_t n_volumes;
	uint32_t gaps; /* enum sandbox_gap: how this answer's sandbox was weaker than it can be */
	/*
	 * Why nothing can boot, one line, without the word "error" in front; empty: the menu's
	 * default entry boots. The menu may have entries in either case. The last line of `log`
	 * is made of it, or of the default entry; it does not stand in the report.
	 */
	struct text error;
	struct text unused; /* host's side: why this domain is not started from it; empty: it is */
};

/* A heap object with an arena of at most `limit` bytes; NULL: out of memory. */
struct inspection *inspection_new(size_t limit) MUST_CHECK;
void inspection_free(struct inspection *inspection);

/*
 * What stands for an inspection that could not be made: no menu, `err` as its error and so as the
 * only line of its log. NULL: out of memory.
 */
struct inspection *inspection_of_error(const struct err *err) MUST_CHECK;

/* The volume with this name; NULL where there is none. */
const struct inspection_volume *inspection_volume(
	const struct inspection *inspection, struct text name);

/* The disk on which a volume of this name lies: that of its name before the comma. NULL: none. */
const struct inspection_disk *inspection_disk_of(
	const struct inspection *inspection, struct text volume);

/* "no Landlock": one line for people about one gap. */
const char *sandbox_gap_text(enum sandbox_gap gap);

static inline void cleanup_inspection(struct inspection **inspection)
{
	inspection_free(*inspection);
}
#define _inspection_ CLEANUP(cleanup_inspection)
