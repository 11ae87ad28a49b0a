/* The journal's own: its log as it lies on the disk, read from the oldest transaction on. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/bytes.h"
#include "parsers/fs/ext/jbd2_overlay.h"

/* Types of blocks in a log. */
enum { DESCRIPTOR = 1, COMMIT = 2, SUPERBLOCK_V1 = 3, SUPERBLOCK_V2 = 4, REVOKE = 5 };

/* Features. */
enum {
	COMPAT_CHECKSUM = 1,
	INCOMPAT_64BIT = 2,
	INCOMPAT_CSUM_V2 = 8,
	INCOMPAT_CSUM_V3 = 0x10,
	INCOMPAT_FAST_COMMIT = 0x20,
	INCOMPAT_KNOWN = 0x3f,
};

struct jbd2_header {
	struct be32 magic, type, sequence;
};

/* A block that must not be replayed from transactions up to this one. */
struct revoked {
	uint64_t block;
	uint32_t order;
};

/* What grows while the log is read; what lies behind `committed` belongs to no transaction yet. */
struct pile {
	void *at;
	size_t item; /* bytes of one */
	uint32_t count, room, committed;
};

struct jbd2_log {
	const struct blockdev *dev;
	const struct extents *extents;
	uint32_t block_size;
	uint32_t compat, incompat, seed;
	uint32_t first, end;      /* the ring: blocks [first, end) of the log */
	uint32_t start, sequence; /* where the oldest transaction begins, and its number */
	uint32_t head;            /* where the next transaction would begin */
	uint32_t fast_blocks;     /* behind the ring */
	uint32_t read;            /* blocks looked at */
	uint32_t crc;             /* COMPAT_CHECKSUM: over the transaction so far */
	uint8_t *block;           /* the one at hand */
	struct pile blocks;       /* struct jbd2_block */
	struct pile revoked;      /* struct revoked */
	bool cut;
};

/* Frees what grew, not the log. */
void jbd2_log_done(struct jbd2_log *log);

/* Where a block of the log lies on its device. -EUCLEAN: nowhere. */
int jbd2_log_place(const struct jbd2_log *log, uint32_t index, uint64_t *ret) MUST_CHECK;

/* Reads a block of the log into log->block. -EUCLEAN where it lies nowhere, -EIO. */
int jbd2_log_read(struct jbd2_log *log, uint32_t index) MUST_CHECK;

/*
 * Reads all transactions into `blocks` and `revoked`; what is damaged ends the log and sets `cut`.
 * The number of committed ones, or -EIO, -ENOMEM.
 */
int64_t jbd2_log_transactions(struct jbd2_log *log) MUST_CHECK;
