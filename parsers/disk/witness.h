/* Bytes that a running guest changes with each commit: whether it wrote since they were read. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/disk/blockdev.h"

/* A place on a device and the checksum of what stood there. A value, nothing to free. */
struct witness {
	struct blockdev dev;
	uint64_t offset;
	uint32_t length, crc; /* length 0: no place, never changes */
};

/* At most 4096 bytes. -EIO, -ERANGE. */
int witness_take(struct witness *witness, const struct blockdev *dev, uint64_t offset,
	uint32_t length) MUST_CHECK;

/* Does anything else stand there now? 1, 0, -EIO. */
int witness_changed(const struct witness *witness) MUST_CHECK;
