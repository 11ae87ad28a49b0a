/* The journal of ext3 and ext4: a file system as it is once its journal was replayed. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/err.h"
#include "parsers/disk/witness.h"

/* Where a journal is. */
struct jbd2_source {
	const struct blockdev *volume;
	const struct blockdev *dev;   /* what the journal lies on: the volume, or its own device */
	const struct extents *blocks; /* of the journal; EXTENT_DISK: at an offset of `dev` */
	uint32_t superblock;          /* number of the journal's block with its superblock */
	uint32_t block_size;          /* bytes, as the file system's */
};

/* What was found in a journal. */
struct jbd2 {
	struct blockdev dev;   /* the volume with the committed blocks laid over it */
	uint32_t transactions; /* committed, but not yet in the file system */
	uint32_t blocks;       /* laid over */
	bool cut;              /* a block with a wrong checksum ends the log early */
	/* ext4's fast commits are in these blocks if they belong to transaction `sequence`. */
	struct text fast_area;
	uint32_t sequence;
	/* The journal's superblock and the block that the next transaction begins in. */
	struct witness super, head;
	struct witness fast_head; /* where the next fast commit begins; ext4's to set */
	uint32_t fast_start;      /* the journal's block that fast_area begins with */
};

/*
 * Reads the log (kernel: fs/jbd2/recovery.c, include/linux/jbd2.h).
 * Nothing is copied: ret->dev reads a committed block from its place in the log. It cannot be
 * mapped to the disk there, since the log is written over while the guest runs; everything else
 * maps as the volume does. A block whose checksum is wrong when it is read is as it was before.
 * -EUCLEAN no journal or a damaged one, -ENOTSUP an unknown feature, -EIO, -ENOMEM.
 */
int jbd2_read(const struct jbd2_source *source, struct arena *arena, struct jbd2 *ret,
	struct err *err) MUST_CHECK;

/* Watches the block of a journal that holds byte `at` of the fast commits. -EUCLEAN, -EIO. */
int jbd2_watch_fast(const struct jbd2_source *source, struct jbd2 *journal, size_t at) MUST_CHECK;
