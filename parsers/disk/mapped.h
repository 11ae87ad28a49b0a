/* A device put together of parts of others: pieces, stripes, copies and parity (LVM, md). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "parsers/disk/blockdev.h"

/* One part of a segment: it begins `start` bytes into `dev`. */
struct mapped_leg {
	struct blockdev dev;
	uint64_t start;
	bool absent; /* missing, failed or out of date: its bytes are never used */
};

/* How the bytes of a segment lie on its legs, in chunks that go round. */
enum mapped_form {
	MAPPED_STRIPES, /* on one leg each */
	MAPPED_COPIES,  /* on several: struct mapped_copies */
	MAPPED_PARITY,  /* on one each, and sums of them on others: parity.h */
};

/*
 * md's RAID10. `near` copies of a chunk lie side by side; all of that is there `far` times, on other
 * legs: `stride` bytes further down, in sets of `set` legs that keep their copies to themselves.
 *
 *   near 2, 4 legs   far 2, 3 legs    offset 2, 3 legs
 *   0 0 1 1          0 1 2            0 1 2
 *   2 2 3 3          3 4 5            2 0 1
 *                    2 0 1            3 4 5
 *                    5 3 4            5 3 4
 *
 * A mirror is near copies on all legs.
 */
struct mapped_copies {
	uint32_t near, far; /* 1 or more each */
	bool offset;        /* the far copies of a row stand in the rows below it */
	uint32_t set;       /* legs; all of them where there are no sets */
	uint64_t stride;    /* bytes between far copies */
};

/* Bytes [start, start + length) of the device, in turns of `chunk` bytes over the legs. */
struct mapped_segment {
	uint64_t start, length;
	uint64_t chunk; /* bytes; anything but 0 where there is one leg only */
	const struct mapped_leg *legs;
	uint32_t n_legs;
	enum mapped_form form;
	uint32_t turned; /* MAPPED_STRIPES: legs before the one that the first chunk lies on */
	struct mapped_copies copies;
	uint32_t layout, n_parity; /* MAPPED_PARITY: enum parity_layout, 1 or 2 */
};

/* In ascending order. Where no segment is, reading fails. */
struct mapped {
	struct mapped_segment *segments;
	uint32_t count;
};

/*
 * Is there enough of every segment to read all its bytes? False: some, or all, fail with -EIO.
 * Sets *recovers where parity stands in for an absent leg.
 */
bool mapped_is_whole(const struct mapped *mapped, bool *recovers);

/*
 * The device; borrows `mapped` unless all of it is one leg: that is a window then, which libblkid
 * can read, too.
 */
struct blockdev mapped_blockdev(const struct mapped *mapped, uint64_t size);
