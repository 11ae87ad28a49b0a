/* The log of XFS: a ring of records, its two ends, and the records between them one by one. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "parsers/disk/witness.h"

/*
 * The ring is counted in blocks of 512 bytes. Each round that the writer makes has a number, the
 * cycle, which stands at the start of every block:
 *
 *      block 0                       head                    tail
 *        | cycle 8 | cycle 8 | ... | cycle 7 | cycle 7 | ... | cycle 7 | ...
 *        '------------ newest -----'                         '- oldest that counts ...
 *
 * A position (LSN) is cycle << 32 | block, so positions compare as numbers.
 */
enum { XFS_LOG_BLOCK = 512 };

struct xfs_log {
	struct blockdev dev;    /* the ring and nothing else */
	uint32_t blocks;        /* of 512 bytes */
	bool v5;                /* every record has a checksum that must be right */
	uint8_t uuid[16];       /* of the file system that the log belongs to */
	bool ours;              /* the newest record has that UUID */
	uint32_t head;          /* block that the next record will be written to */
	uint64_t tail;          /* position of the oldest record that must be replayed */
	uint64_t last;          /* position of the newest record */
	struct witness at_head; /* changes with the next record */
	uint8_t *buffer;        /* one record, room for the largest; NULL: none yet */
};

/* A record whose checks went well. Dies with the next one. */
struct xfs_log_record {
	uint64_t lsn;
	uint32_t blocks;     /* of the ring, with the header */
	uint32_t operations; /* in `data` */
	const uint8_t *data; /* with the first word of each block put back */
	uint32_t length;     /* bytes of data */
};

void xfs_log_done(struct xfs_log *log);
#define _xfs_log_ CLEANUP(xfs_log_done)

/*
 * Finds both ends in log->dev. 1: records between them must be replayed; 0: the file system was
 * unmounted, or nothing was ever written. -EUCLEAN: no log or a damaged one, with the reason in
 * err; -EIO, -ENOMEM.
 */
int xfs_log_find_ends(struct xfs_log *log, struct err *err) MUST_CHECK;

/* Called with each record, the oldest first. Anything but 0 ends the walk. */
typedef int xfs_log_visit(void *context, const struct xfs_log_record *record, struct err *err);

/* Reads the records from the tail to the head. What `visit` gave, -EUCLEAN, -EIO, -ENOMEM. */
int xfs_log_each(
	struct xfs_log *log, xfs_log_visit *visit, void *context, struct err *err) MUST_CHECK;
