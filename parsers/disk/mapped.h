/* A device put together of parts of others: linear pieces and stripes (LVM, md). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "parsers/disk/blockdev.h"

/* One stripe of a segment: it begins `start` bytes into `dev`. */
struct mapped_leg {
	struct blockdev dev;
	uint64_t start;
};

/* Bytes [start, start + length) of the device, in turns of `chunk` bytes over the legs. */
struct mapped_segment {
	uint64_t start, length;
	uint64_t chunk; /* bytes; anything but 0 where there is one leg only */
	const struct mapped_leg *legs;
	uint32_t n_legs;
};

/* In ascending order. Where no segment is, reading fails. */
struct mapped {
	struct mapped_segment *segments;
	uint32_t count;
};

/*
 * The device; borrows `mapped` unless all of it is one leg: that is a window then, which libblkid
 * can read, too.
 */
struct blockdev mapped_blockdev(const struct mapped *mapped, uint64_t size);
