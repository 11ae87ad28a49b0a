/* The journal's own: blocks of a volume that lie elsewhere, as a blockdev. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "parsers/disk/blockdev.h"

enum jbd2_checksum { CHECKSUM_NONE, CHECKSUM_16, CHECKSUM_32 };

/* A committed block. */
struct jbd2_block {
	uint64_t block;       /* number in the file system */
	uint64_t at;          /* where the log has it, bytes from its device's start */
	uint32_t order;       /* in the log: of two, the later one counts */
	uint32_t transaction; /* counted from the log's oldest */
	uint32_t sequence;    /* the transaction's own number */
	uint32_t checksum;
	bool escaped; /* it begins with the journal's magic, which the log has as zeros */
};

struct jbd2_overlay {
	struct blockdev dev; /* the volume itself */
	struct blockdev log; /* what the journal lies on */
	uint32_t block_size;
	enum jbd2_checksum checksum;
	uint32_t seed;
	struct jbd2_block *blocks; /* ascending, each number once */
	uint32_t count;
	uint8_t *buffer; /* block_size bytes */
};

enum { JBD2_MAGIC = (int)0xc03b3998 };

/* Borrows the overlay. */
struct blockdev jbd2_overlay_blockdev(const struct jbd2_overlay *overlay);
