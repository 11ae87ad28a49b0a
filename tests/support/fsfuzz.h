/* For the fuzz targets of file systems: a big disk out of few bytes, and using all of a reader. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/fs/fs.h"

/*
 * The bytes: le64 size of the disk, then runs, each le32 first sector, le16 number of sectors and
 * the sectors of 512 bytes; the last run may be cut short, a later one lies over an earlier one.
 * Everything else reads as zeros. tests/support/sparse_seed.py makes such bytes of an image.
 */
struct sparse_disk {
	struct blockdev dev; /* borrows this struct and the bytes */
	const uint8_t *bytes;
	size_t len;
};

/* False: too few bytes even for the size. */
bool sparse_disk_init(struct sparse_disk *disk, const uint8_t *bytes, size_t len);

/*
 * A disk with bytes changed here and there: which ones depends on the seed and on the place only,
 * so a sector reads the same every time. Seeds differ in how much is changed, too.
 */
struct damaged_disk {
	struct blockdev dev; /* borrows this struct */
	const struct blockdev *under;
	uint64_t seed;
};

void damaged_disk_init(struct damaged_disk *disk, const struct blockdev *under, uint64_t seed);

/* Changes at most one byte of a sector in memory, as damaged_disk does; was it changed? */
bool damage_sector(uint64_t seed, uint64_t sector, uint8_t bytes[512]);

/*
 * Looks at everything a bounded walk of an open file system finds: lists, finds, reads and maps.
 * Aborts where the answers contradict each other: extents that do not add up to the size, or
 * that hold other bytes than reading gives; `disks` are those that extents name by number, from
 * their start on. How many files and folders were looked at.
 */
uint32_t fsfuzz_walk(struct fs *fs, const struct blockdev *disks, size_t n_disks);

/* Opens a disk with one reader, and walks it. */
uint32_t fsfuzz_use(const struct fs_ops *ops, const struct blockdev *dev,
	const struct blockdev *others, size_t n_others);
