/* One answer: what an inspection found. Filled by the child, decoded by the asker. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/menu.h"
#include "core/err.h"
#include "model/report.h"

/* What this kernel or this user could not give to the sandbox; it holds without them. */
enum sandbox_gap {
	GAP_NAMESPACES = 1 << 0,   /* no mount, pid, ipc and uts namespaces of its own */
	GAP_PIVOT = 1 << 1,        /* chroot to an empty folder instead of an own root */
	GAP_ROOT = 1 << 2,         /* still sees the host's root (and has no call to open a file) */
	GAP_USER = 1 << 3,         /* runs under the asker's user */
	GAP_LANDLOCK = 1 << 4,     /* no Landlock */
	GAP_LANDLOCK_OFF = 1 << 5, /* built in, not switched on */
	GAP_LANDLOCK_REFUSED = 1 << 6, /* there, but not for us */
	GAP_ALL = (1 << 7) - 1,
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
	/* Its file system can be read; then permission bits and time of its root folder. */
	bool readable;
	uint32_t mode;
	int64_t mtime_s; /* seconds since 1970 */
};

enum look_kind { LOOK_FILE, LOOK_FOLDER, LOOK_LINK };
#define LOOK_KINDS (LOOK_LINK + 1)

enum {
	LOOK_MAX_NAMES = 1 << 18, /* in one folder */
	LOOK_MAX_NAME = 255,      /* bytes */
};

/* A name in a folder of a volume. */
struct look_entry {
	struct text name;
	enum look_kind kind; /* links to files count as files */
	uint64_t size;       /* bytes */
	uint32_t mode;       /* permission bits, as the guest has them */
	int64_t mtime_s;     /* seconds since 1970 */
	uint64_t identity;   /* file: see struct content; folder: its number in the volume */
	struct text target;  /* link to a folder: relative, never above the volume's root */
	/* Where a file's bytes lie, if that was cheaply said; else QUESTION_FILE tells. */
	struct content file;
	bool hidden; /* asker's: shown elsewhere already; not part of the answer */
};

/* The answer to QUESTION_FOLDER: by name, each once; or to QUESTION_FILE: where its bytes lie. */
struct volume_look {
	uint64_t number;  /* of the folder itself in its volume */
	uint32_t skipped; /* names that cannot be shown: control bytes, too long, damaged */
	struct look_entry *entries;
	uint32_t count;
	struct content file;
	struct text bytes; /* what PIECE_BYTES of `file` points into */
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
	struct volume_look look;
	uint32_t gaps; /* enum sandbox_gap: how this answer's sandbox was weaker than it can be */
	/*
	 * Why nothing can boot, one line, without the word "error" in front; empty: the menu's
	 * default entry boots. The menu may have entries in either case. The last line of `log`
	 * is made of it, or of the default entry; it does not stand in the report.
	 */
	struct text error;
	bool moved; /* inspector's own: a guest wrote to what was read; not part of the answer */
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
