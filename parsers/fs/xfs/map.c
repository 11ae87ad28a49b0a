/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/xfs/xfs.h"

#include <errno.h>
#include <inttypes.h>

enum { EXTENT_BYTES = sizeof(struct xfs_disk_extent), KEY_BYTES = 8, POINTER_BYTES = 8 };

/* What stands in one level of the tree above the extents. */
struct level {
	const struct be64 *keys, *pointers;
	uint32_t count;
	uint64_t from, until; /* the file blocks it speaks for */
};

static struct xfs_extent extent_decode(const struct xfs_disk_extent *disk)
{
	uint64_t high = be64_get(disk->high), low = be64_get(disk->low);

	return (struct xfs_extent){
		.start = high >> 9 & (((uint64_t)1 << 54) - 1),
		.count = low & (((uint64_t)1 << 21) - 1),
		.block = (high & 0x1ff) << 43 | low >> 21,
		.unwritten = high >> 63,
	};
}

static int refuse_realtime(struct xfs *xfs, const struct xfs_inode *inode)
{
	report_add(xfs->report, REPORT_WARNING,
		"%.*s XFS: inode %" PRIu64 " lies on the realtime device, which is not read",
		TEXT_ARG(xfs->volume), inode->ino);
	return -ENOTSUP;
}

/* The log says that this file's map was changing; see struct xfs_promise. */
static int take_promises(struct xfs_map *map)
{
	struct xfs *xfs = map->xfs;

	for (uint32_t i = 0; i < xfs->recovered.n_promises; i++) {
		const struct xfs_promise *promise = &xfs->recovered.promises[i];

		if (promise->ino != map->inode->ino)
			continue;
		map->promised = true;
		if (promise->kind != XFS_PROMISE_SWAP)
			continue;
		report_add(xfs->report, REPORT_WARNING,
			"%.*s XFS: inode %" PRIu64 " was changing places with another when its "
			"guest stopped; only a mount can end that",
			TEXT_ARG(xfs->volume), map->inode->ino);
		return -EUCLEAN;
	}
	return 0;
}

int xfs_map_init(struct xfs_map *map, struct xfs *xfs, const struct xfs_inode *inode)
{
	const uint8_t *fork = inode->raw + inode->fork;
	int r;

	*map = (struct xfs_map){.xfs = xfs, .inode = inode};
	if (inode->realtime)
		return refuse_realtime(xfs, inode);
	r = take_promises(map);
	if (r)
		return r;
	if (inode->format == XFS_FORK_BTREE)
		return 0;
	if (inode->format != XFS_FORK_EXTENTS || inode->extents > inode->fork_size / EXTENT_BYTES)
		return -EUCLEAN;
	map->records = (const struct xfs_disk_extent *)(const void *)fork;
	map->count = (uint32_t)inode->extents;
	map->until = UINT64_MAX;
	return 0;
}

void xfs_map_done(struct xfs_map *map)
{
	free(map->block);
	map->block = NULL;
}

/* The root in the inode: `*height` is how many levels stand below it, the extents included. */
static int level_root(const struct xfs_inode *inode, struct level *ret, uint32_t *height)
{
	const uint8_t *fork = inode->raw + inode->fork;
	const struct xfs_disk_root *root = (const struct xfs_disk_root *)(const void *)fork;
	uint32_t room;

	if (inode->fork_size < sizeof(*root))
		return -EUCLEAN;
	room = (inode->fork_size - (uint32_t)sizeof(*root)) / (KEY_BYTES + POINTER_BYTES);
	*height = be16_get(root->level);
	ret->count = be16_get(root->count);
	if (*height == 0 || *height > XFS_MAX_LEVELS || ret->count == 0 || ret->count > room)
		return -EUCLEAN;
	ret->keys = (const struct be64 *)(const void *)(fork + sizeof(*root));
	ret->pointers = ret->keys + room;
	ret->from = 0;
	ret->until = UINT64_MAX;
	return 0;
}

/* The child to look into for file block `at`; narrows the range down to what it speaks for. */
static uint64_t level_choose(struct level *level, uint64_t at)
{
	uint32_t low = 0, high = level->count, middle;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (be64_get(level->keys[middle]) <= at)
			low = middle;
		else
			high = middle;
	}
	if (low > 0)
		level->from = be64_get(level->keys[low]);
	if (low + 1 < level->count)
		level->until = be64_get(level->keys[low + 1]);
	return be64_get(level->pointers[low]);
}

/* Reads one block of the tree into map->block and checks its header. */
static int block_read(struct xfs_map *map, uint64_t block, uint32_t level, uint32_t *header)
{
	struct xfs *xfs = map->xfs;
	const struct xfs_disk_btree *tree;
	uint64_t offset;
	int r;

	r = xfs_blocks_place(xfs, block, 1, &offset);
	if (r)
		return r;
	r = blockdev_read(&xfs->dev, offset, map->block, xfs->block_size);
	if (r)
		return r;
	tree = (const struct xfs_disk_btree *)(const void *)map->block;
	if (be32_get(tree->magic) != (xfs->v5 ? XFS_BMAP_MAGIC_V5 : XFS_BMAP_MAGIC_V4) ||
		be16_get(tree->level) != level)
		return -EUCLEAN;
	xfs_checksum(xfs, map->block, xfs->block_size, XFS_BTREE_CRC,
		xfs_replayed(xfs, offset, xfs->block_size), "a map of extents");
	*header = xfs->v5 ? XFS_BTREE_HEADER_V5 : sizeof(*tree);
	return 0;
}

/* Keys and pointers, or extents, of the block in map->block. */
static int block_use(struct xfs_map *map, uint32_t height, uint32_t header, struct level *level)
{
	const struct xfs_disk_btree *tree = (const struct xfs_disk_btree *)(const void *)map->block;
	const uint8_t *content = map->block + header;
	uint32_t room = map->xfs->block_size - header;

	room /= height ? KEY_BYTES + POINTER_BYTES : EXTENT_BYTES;
	level->count = be16_get(tree->count);
	if (level->count == 0 || level->count > room)
		return -EUCLEAN;
	if (height) {
		level->keys = (const struct be64 *)(const void *)content;
		level->pointers = level->keys + room;
		return 0;
	}
	map->records = (const struct xfs_disk_extent *)(const void *)content;
	map->count = level->count;
	map->from = level->from;
	map->until = level->until;
	return 0;
}

/* Goes down from the root to the extents that speak for file block `at`. */
static int descend(struct xfs_map *map, uint64_t at)
{
	struct level level;
	uint32_t height, header;
	uint64_t child;
	int r;

	map->count = 0;
	map->until = 0;
	if (!map->block)
		map->block = malloc(map->xfs->block_size);
	if (!map->block)
		return -ENOMEM;
	r = level_root(map->inode, &level, &height);
	while (r == 0 && height > 0) {
		height--;
		child = level_choose(&level, at);
		r = block_read(map, child, height, &header);
		if (r == 0)
			r = block_use(map, height, header, &level);
	}
	return r;
}

/* The first of the extents at hand that ends behind `at`; map->count where none does. */
static uint32_t first_behind(const struct xfs_map *map, uint64_t at)
{
	uint32_t low = 0, high = map->count, middle;
	struct xfs_extent extent;

	while (low < high) {
		middle = low + (high - low) / 2;
		extent = extent_decode(&map->records[middle]);
		if (extent.start + extent.count > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static int extent_take(const struct xfs_map *map, uint32_t i, struct xfs_extent *ret)
{
	uint64_t offset;

	*ret = extent_decode(&map->records[i]);
	if (ret->count == 0)
		return -EUCLEAN;
	return xfs_blocks_place(map->xfs, ret->block, ret->count, &offset) ? -EUCLEAN : 1;
}

/* The first extent that ends behind `at` in the map as it lies on the disk. */
static int find_on_disk(struct xfs_map *map, uint64_t at, struct xfs_extent *ret)
{
	uint32_t tries, i;
	int r;

	for (tries = 0; tries < 2; tries++) {
		if (at < map->from || at >= map->until) {
			r = descend(map, at);
			if (r)
				return r;
		}
		i = first_behind(map, at);
		if (i < map->count)
			return extent_take(map, i, ret);
		if (map->until == UINT64_MAX)
			return 0;
		at = map->until; /* a hole up to the next block of extents */
	}
	return -EUCLEAN;
}

/*
 * The last promise that speaks for file block `at`, NULL for none; *until is where the answer may
 * change.
 */
static const struct xfs_promise *promise_at(const struct xfs_map *map, uint64_t at, uint64_t *until)
{
	const struct xfs_recovery *recovered = &map->xfs->recovered;
	const struct xfs_promise *found = NULL;

	*until = UINT64_MAX;
	for (uint32_t i = 0; i < recovered->n_promises; i++) {
		const struct xfs_promise *promise = &recovered->promises[i];
		uint64_t end;

		if (promise->ino != map->inode->ino ||
			!checked_add(promise->start, promise->count, &end) || end <= at)
			continue;
		*until = min_u64(*until, promise->start > at ? promise->start : end);
		if (promise->start <= at)
			found = promise;
	}
	return found;
}

int xfs_map_find(struct xfs_map *map, uint64_t at, struct xfs_extent *ret)
{
	const struct xfs_promise *promise = NULL;
	uint64_t until = UINT64_MAX, offset;
	int r;

	if (map->promised)
		promise = promise_at(map, at, &until);
	if (promise && promise->kind == XFS_PROMISE_MAP) {
		*ret = (struct xfs_extent){
			at, until - at, promise->block + (at - promise->start), promise->unwritten};
		r = xfs_blocks_place(map->xfs, ret->block, ret->count, &offset);
		return r ? r : 1;
	}
	r = promise ? 0 : find_on_disk(map, at, ret);
	if (r < 0 || until == UINT64_MAX)
		return r;
	/* A hole up to the next promise reads as space that was never written. */
	if (r == 0 || ret->start >= until)
		*ret = (struct xfs_extent){.start = at, .count = until - at, .unwritten = true};
	ret->count = min_u64(ret->count, until - ret->start);
	return 1;
}
