/* The journal of ext3 and ext4: a file system as it is once its journal was replayed. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/err.h"
#include "parsers/disk/blockdev.h"

/* What was found in a journal. */
struct jbd2 {
	struct blockdev dev;   /* the volume with the committed blocks laid over it */
	uint32_t transactions; /* committed, but not yet in the file system */
	uint32_t blocks;       /* laid over */
	bool fast_commits;     /* there are ext4 fast commits behind them, which are not replayed */
	bool cut;              /* a block with a wrong checksum ends the log early */
};

/*
 * Reads the log (kernel: fs/jbd2/recovery.c, include/linux/jbd2.h) that lies on `dev` where `log`
 * says (EXTENT_DISK: at an offset of `dev`), in blocks of `block_size` bytes as the file system's.
 * Nothing is copied: ret->dev reads a committed block from its place in the log. It cannot be
 * mapped to the disk there, since the log is written over while the guest runs; everything else
 * maps as `dev` does. A block whose checksum is wrong when it is read is as it was before.
 * -EUCLEAN no journal or a damaged one, -ENOTSUP an unknown feature, -EIO, -ENOMEM.
 */
int jbd2_read(const struct blockdev *dev, const struct extents *log, uint32_t block_size,
	struct arena *arena, struct jbd2 *ret, struct err *err) MUST_CHECK;
