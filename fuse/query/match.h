/* Whose disk is it? Compares a disk with every domain's first one, by device and inode. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/query/disks.h"
#include "fuse/loop/loop.h"

struct daemon;
struct match_job;

/* A domain whose disk hangs is passed over after this long, and by all until it answers. */
enum { MATCH_PATIENCE_MS = 500 };

/* Part of who asks. */
struct match {
	struct daemon *daemon;
	struct match_job *job; /* out with a worker; NULL: not matching */
	struct timer patience;
	uint32_t found;  /* domains that have it as their first disk */
	uint32_t serial; /* of the last one's folder */
	/* Called once, never from match_start(). */
	void (*finished)(struct match *match);
};

/* -ENOMEM. */
int match_start(
	struct match *match, struct daemon *daemon, const struct disk_stamp *stamp) MUST_CHECK;

/* No call of finished() any more. */
void match_stop(struct match *match);
