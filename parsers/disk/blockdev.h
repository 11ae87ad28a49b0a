/* Bytes that can be read at an offset: a window on a disk, on memory, or on other blockdevs. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run of bytes of a file or blockdev and where it lies on one of the question's disks. */
struct extent {
	uint64_t offset; /* in the file or blockdev, bytes */
	uint64_t length; /* bytes, never 0 */
	enum extent_kind { EXTENT_DISK, EXTENT_ZERO, EXTENT_LATER } kind;
	uint32_t disk; /* EXTENT_DISK: number of the disk in the question */
	uint64_t at;   /* EXTENT_DISK: bytes from that disk's start */
};

/*
 * Extents in ascending, gapless order from offset 0. EXTENT_LATER: the bytes cannot be had by
 * reading a disk range (compressed, inline, out of an overlay); read them with the reader.
 * Memory by malloc; a zeroed struct is empty.
 */
struct extents {
	struct extent *at;
	uint32_t count, room;
};

void extents_done(struct extents *extents);
#define _extents_ CLEANUP(extents_done)

/*
 * Appends, joining with the last one where both lie next to each other. The offset is implied: the
 * end of the last one. A length of 0 appends nothing. -ENOMEM; -EFBIG past MAX_EXTENTS.
 */
int extents_add(struct extents *extents, enum extent_kind kind, uint32_t disk, uint64_t at,
	uint64_t length) MUST_CHECK;

/* The one that holds `offset`; NULL past their end. */
const struct extent *extents_find(const struct extents *extents, uint64_t offset);

/*
 * Appends what of `from` covers [offset, offset + length) to `ret`, as it lies. -ERANGE past the
 * end, and the errors of extents_add().
 */
int extents_slice(const struct extents *from, uint64_t offset, uint64_t length,
	struct extents *ret) MUST_CHECK;

/*
 * A value: copying it is fine, nothing to free. Read-only by construction. A window is the same
 * value with another `start` and `size`, so `read` and `map` add `start` to the offset they get.
 */
struct blockdev {
	/* Reads exactly `len` bytes inside [0, size): 0 or -EIO. Called by blockdev_read() only. */
	int (*read)(const struct blockdev *dev, uint64_t offset, void *buf, size_t len);
	/* Appends the extents of [offset, offset + length). NULL: all of it EXTENT_LATER. */
	int (*map)(
		const struct blockdev *dev, uint64_t offset, uint64_t length, struct extents *ret);
	uint64_t size;        /* bytes */
	uint32_t sector_size; /* logical, bytes: 512 or 4096 */
	uint32_t disk;        /* the question's disk number, for those that lie on one disk */
	uint64_t start;       /* bytes from the start of `fd` or `under` */
	int fd;               /* blockdev_on_fd(); -1 elsewhere */
	const void *under;    /* what read and map need, owned by whoever made it */
};

/* A whole disk by its descriptor (borrowed, pread only). `disk` is its number in the question. */
struct blockdev blockdev_on_fd(int fd, uint32_t disk, uint64_t size, uint32_t sector_size);

/* Bytes in memory, borrowed. */
struct blockdev blockdev_on_memory(const void *memory, uint64_t size);

/* The bytes [start, start + size) of `under`, cut at its end; what `under` borrows is borrowed. */
struct blockdev blockdev_window(const struct blockdev *under, uint64_t start, uint64_t size);

/* Reads exactly `len` bytes. -ERANGE past the end, -EIO when the disk cannot be read. */
int blockdev_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len) MUST_CHECK;

/* Appends where [offset, offset + length) lies; -ERANGE past the end. */
int blockdev_map(const struct blockdev *dev, uint64_t offset, uint64_t length,
	struct extents *ret) MUST_CHECK;
