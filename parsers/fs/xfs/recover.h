/* XFS log recovery in memory: the file system as a mount would leave it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/disk/overlay.h"
#include "parsers/fs/xfs/log.h"

/* A change of a file's map that the writer had announced in its log, but not made. */
struct xfs_promise {
	enum xfs_promise_kind { XFS_PROMISE_MAP, XFS_PROMISE_UNMAP, XFS_PROMISE_SWAP } kind;
	uint64_t id; /* the announcement's number in the log */
	uint64_t ino;
	uint64_t start, count, block; /* file blocks; `block` as the format numbers blocks */
	bool unwritten;
};

/* What the recovery needs to know of the file system. */
struct xfs_recovery_source {
	const struct blockdev *dev;
	uint32_t block_size, inode_size, ag_blocks, ag_count;
	bool v5;
	uint8_t uuid[16]; /* as metadata blocks have it */
	struct arena *arena;
};

/* What was found in the log. Everything lives in the arena. */
struct xfs_recovery {
	struct overlay overlay;
	uint32_t transactions;        /* committed ones between the log's ends */
	struct xfs_promise *promises; /* in the order of the log */
	uint32_t n_promises;
};

/*
 * Replays the log between its ends into ret->overlay, which is then finished. -EUCLEAN, -ENOTSUP,
 * -EIO, -ENOMEM: nothing can be said of the file system; the reason is in err.
 */
int xfs_recover(struct xfs_log *log, const struct xfs_recovery_source *source,
	struct xfs_recovery *ret, struct err *err) MUST_CHECK;
