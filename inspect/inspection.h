/* One answer: what an inspection found. Filled by the child, decoded by the asker. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/bootmenu.h"
#include "core/report.h"

struct inspection_disk {
	struct text name;  /* "hd0" */
	struct text path;  /* as asked */
	uint64_t size;     /* bytes */
	uint64_t device;   /* st_rdev; 0: a file */
	struct text table; /* "MBR", "GPT", "" */
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
	/*
	 * Why nothing can boot, one line, without the word "error" in front; empty: the menu's
	 * default entry boots. The menu may have entries in either case.
	 */
	struct text error;
};

/* A heap object with an arena of at most `limit` bytes; NULL: out of memory. */
struct inspection *inspection_new(size_t limit) MUST_CHECK;
void inspection_free(struct inspection *inspection);

static inline void cleanup_inspection(struct inspection **inspection)
{
	inspection_free(*inspection);
}
#define _inspection_ CLEANUP(cleanup_inspection)
