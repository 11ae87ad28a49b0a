/* Blocks laid over a device: what a journal holds is read in place of what lies on the disk. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "parsers/disk/blockdev.h"

/*
 * Collects changed blocks in memory. A block is copied from the device at its first change, so a
 * reader sees every changed block as it was when the journal was replayed.
 */
struct overlay {
	struct blockdev dev; /* the device below */
	uint32_t block_size;
	uint64_t limit;      /* bytes that the changed blocks may take */
	struct arena *arena; /* owns everything here, except while blocks are collected: `slots` */
	struct overlay_block {
		uint64_t number;
		uint8_t *content; /* block_size bytes; NULL: a free slot */
	} * blocks;
	uint32_t count;
	uint32_t slots; /* a power of two while blocks are collected; 0: `blocks` is sorted */
};

/* Starts collecting, up to half of what the arena has left. Borrows the arena; copies `dev`. */
void overlay_init(struct overlay *overlay, const struct blockdev *dev, uint32_t block_size,
	struct arena *arena);

/* Frees what the arena does not own. Only needed when overlay_finish() was not reached. */
void overlay_done(struct overlay *overlay);

/*
 * The block's bytes, to be changed. -ENOMEM also over the limit, -EIO, -ERANGE past the
 * end of the device.
 */
int overlay_block(struct overlay *overlay, uint64_t number, uint8_t **ret) MUST_CHECK;

/* Copies bytes over the device, in as many blocks as they touch. The errors of overlay_block(). */
int overlay_write(
	struct overlay *overlay, uint64_t offset, const void *bytes, size_t len) MUST_CHECK;

/* Reads as a reader will: changed blocks and the device below. The errors of blockdev_read(). */
int overlay_read(const struct overlay *overlay, uint64_t offset, void *buf, size_t len) MUST_CHECK;

/* Ends collecting; from now on overlay_blockdev() and overlay_covers() may be used. -ENOMEM. */
int overlay_finish(struct overlay *overlay) MUST_CHECK;

/* The device with the blocks over it. They map as EXTENT_LATER. Borrows the overlay. */
struct blockdev overlay_blockdev(const struct overlay *overlay);

/* Is any byte of the range in a changed block? */
bool overlay_covers(const struct overlay *overlay, uint64_t offset, uint64_t length);
