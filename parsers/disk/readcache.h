/* Small structures read through one buffer: a folder's records without a system call each. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "parsers/disk/blockdev.h"

/* What lies at `at` on the device, as last read. Never read twice while it stays in the buffer. */
struct readcache {
	const struct blockdev *dev; /* borrowed */
	uint64_t at;                /* bytes from the device's start */
	size_t len, room;           /* bytes */
	unsigned char *bytes;       /* dies with the arena */
};

/* A buffer of `room` bytes. -ENOMEM. */
int readcache_init(struct readcache *cache, const struct blockdev *dev, struct arena *arena,
	size_t room) MUST_CHECK;

/*
 * The `len` bytes at `offset`, borrowed until the next call with the same cache. `len` is at most
 * half the room. -ERANGE past the device's end, -EIO.
 */
int readcache_get(
	struct readcache *cache, uint64_t offset, size_t len, const unsigned char **ret) MUST_CHECK;
