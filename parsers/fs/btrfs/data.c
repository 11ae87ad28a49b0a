/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/btrfs/btrfs.h"

#include "core/checked.h"

#include <errno.h>

/* Bytes read and checked at a time; a sector is at most as large. */
enum { BATCH = BTRFS_MAX_NODE };

/* The checksums of data, by sectors: the item at hand speaks for [start, end). */
struct sums {
	struct btrfs *btrfs;
	struct btrfs_cursor cursor;
	uint64_t start, end;
	const uint8_t *at;
};

static void sums_done(struct sums *sums)
{
	btrfs_cursor_done(&sums->cursor);
}

/* Finds the item that speaks for a sector: 1, or 0 for data without checksums. */
static int sums_seek(struct sums *sums, uint64_t logical)
{
	struct btrfs_key key = {BTRFS_CHECKSUM_OBJECT, BTRFS_EXTENT_CHECKSUM, logical};
	const struct btrfs *btrfs = sums->btrfs;
	struct btrfs_item item;
	uint64_t size;
	int r;

	if (logical >= sums->start && logical < sums->end)
		return 1;
	sums->start = sums->end = 0;
	if (btrfs->checksum_tree.root == 0)
		return 0;
	r = btrfs_cursor_before(&sums->cursor, &key, &item);
	if (r <= 0)
		return r;
	if (item.key.object != key.object || item.key.type != key.type)
		return 0;
	size = (uint64_t)(item.size / btrfs->checksum_size) * btrfs->sector_size;
	if (logical - item.key.offset >= size)
		return 0;
	sums->start = item.key.offset;
	sums->end = logical + (size - (logical - item.key.offset));
	sums->at = item.data;
	return 1;
}

/* Is the sector what was written? Yes also where nothing was noted of it. */
static int sector_good(struct sums *sums, uint64_t logical, const uint8_t *sector)
{
	const struct btrfs *btrfs = sums->btrfs;
	int r = sums_seek(sums, logical);

	if (r <= 0)
		return r ? r : 1;
	return btrfs_checksum_good(btrfs->checksum_type, sector, btrfs->sector_size,
		sums->at + (logical - sums->start) / btrfs->sector_size * btrfs->checksum_size);
}

/* Looks for a good copy of a sector; `from` is the first copy to try. */
static int sector_read(struct sums *sums, uint64_t logical, unsigned from, uint8_t *sector)
{
	const struct btrfs *btrfs = sums->btrfs;
	unsigned copy;
	int r;

	for (copy = from; copy < BTRFS_MAX_COPIES; copy++) {
		r = btrfs_read_copy(btrfs, logical, copy, sector, btrfs->sector_size);
		if (r == -ENOENT || r == -EUCLEAN)
			break;
		if (r == 0)
			r = sector_good(sums, logical, sector);
		if (r > 0)
			return 0;
	}
	return -EIO;
}

/* Reads whole sectors, at first all from the first copy. */
static int batch_read(struct sums *sums, uint64_t logical, uint8_t *buf, size_t len)
{
	uint32_t size = sums->btrfs->sector_size;
	bool there = btrfs_read_copy(sums->btrfs, logical, 0, buf, len) == 0;
	size_t at;
	int r = 0;

	for (at = 0; at < len && r == 0; at += size) {
		r = there ? sector_good(sums, logical + at, buf + at) : 0;
		if (r >= 0)
			r = r > 0 ? 0 : sector_read(sums, logical + at, there, buf + at);
	}
	return r;
}

int btrfs_data_read(struct btrfs *btrfs, uint64_t logical, void *buf, size_t len)
{
	struct sums sums CLEANUP(sums_done) = {.btrfs = btrfs};
	_free_ uint8_t *batch = NULL;
	uint64_t mask = btrfs->sector_size - 1;
	size_t inside, part, whole;
	uint8_t *to = buf;
	int r;

	if (!len)
		return 0;
	btrfs_cursor_init(&sums.cursor, btrfs, &btrfs->checksum_tree);
	batch = malloc(BATCH);
	if (!batch)
		return -ENOMEM;
	for (; len; len -= part, to += part, logical += part) {
		inside = logical & mask;
		part = min_size(len, BATCH - inside);
		whole = (inside + part + mask) & ~mask;
		r = batch_read(&sums, logical - inside, batch, whole);
		if (r)
			return r;
		memcpy(to, batch + inside, part);
	}
	return 0;
}
