/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/dir.h"

#include "core/checked.h"

#include <errno.h>

/* One block of the index, read and checked. */
struct index_block {
	bool leaf;
	uint32_t next; /* file block of the leaf to the right; 0: none */
	uint32_t count;
	const struct xfs_disk_hash *entries; /* by ascending hash */
};

/* `fold` NULL: byte by byte. */
static uint32_t hash_name(struct text name, uint8_t (*fold)(uint8_t c))
{
	uint32_t hash = 0;
	uint8_t c;
	size_t i;

	for (i = 0; i < name.len; i++) {
		c = (uint8_t)name.at[i];
		hash = (hash << 7 | hash >> 25) ^ (fold ? fold(c) : c);
	}
	return hash;
}

static uint8_t fold_ascii(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static int check_magic(const struct xfs *xfs, uint16_t magic, bool *leaf)
{
	*leaf = magic == (xfs->v5 ? XFS_LEAF1_V5 : XFS_LEAF1_V4) ||
		magic == (xfs->v5 ? XFS_LEAFN_V5 : XFS_LEAFN_V4);
	return *leaf || magic == (xfs->v5 ? XFS_NODE_V5 : XFS_NODE_V4) ? 0 : -EUCLEAN;
}

static int index_read(struct xfs_dir *dir, uint64_t at, struct index_block *ret)
{
	struct xfs *xfs = dir->xfs;
	uint32_t header = xfs->v5 ? XFS_INDEX_HEADER_V5 : XFS_INDEX_HEADER_V4;
	struct xfs_disk_index disk;
	struct be16 count;
	int r;

	if (at < XFS_DIR_LEAF_OFFSET >> xfs->block_log)
		return -EUCLEAN;
	r = xfs_dir_read(dir, at, dir->index);
	if (r)
		return r;
	memcpy(&disk, dir->index, sizeof(disk));
	r = check_magic(xfs, be16_get(disk.magic), &ret->leaf);
	if (r)
		return r;
	xfs_checksum(
		xfs, dir->index, xfs->dir_size, XFS_INDEX_CRC, dir->replayed, "a folder's index");
	memcpy(&count, dir->index + (xfs->v5 ? XFS_INDEX_COUNT_V5 : XFS_INDEX_COUNT_V4),
		sizeof(count));
	ret->next = be32_get(disk.next);
	ret->count = be16_get(count);
	ret->entries = (const struct xfs_disk_hash *)(const void *)(dir->index + header);
	if (ret->count > (xfs->dir_size - header) / sizeof(struct xfs_disk_hash))
		return -EUCLEAN;
	return 0;
}

/* The first entry whose hash is not smaller; block->count where all are. */
static uint32_t first_entry(const struct index_block *block, uint32_t hash)
{
	uint32_t low = 0, high = block->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (be32_get(block->entries[middle].hash) >= hash)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Goes down to the first leaf that can hold the hash: 1, or 0 where none can. */
static int find_leaf(struct xfs_dir *dir, uint32_t hash, struct index_block *ret)
{
	uint64_t at = XFS_DIR_LEAF_OFFSET >> dir->xfs->block_log;
	uint32_t depth, i;
	int r;

	for (depth = 0; depth <= XFS_MAX_NODE_DEPTH; depth++) {
		r = index_read(dir, at, ret);
		if (r)
			return r;
		if (ret->leaf)
			return 1;
		i = first_entry(ret, hash);
		if (i == ret->count)
			return 0;
		at = be32_get(ret->entries[i].address);
	}
	return -EUCLEAN;
}

/* The entry that an address of the index means: 1, 0 for one that was removed. */
static int entry_at(struct xfs_dir *dir, uint32_t address, struct xfs_entry *ret)
{
	const struct xfs *xfs = dir->xfs;
	uint64_t offset = (uint64_t)address * 8;
	uint64_t mask = xfs->dir_size - 1;
	uint32_t next;
	int r;

	if (address == 0)
		return 0;
	if (offset >= XFS_DIR_LEAF_OFFSET || (offset & mask) < xfs_dir_header(xfs))
		return -EUCLEAN;
	r = xfs_dir_data(dir, (offset & ~mask) >> xfs->block_log);
	if (r)
		return r;
	return xfs_dir_entry(dir, (uint32_t)(offset & mask), xfs->dir_size, ret, &next);
}

/* Tries every name of this leaf with the hash: 1 when the search is over, 0 to go on right. */
static int search_leaf(
	struct xfs_dir *dir, const struct index_block *leaf, uint32_t hash, struct xfs_match *match)
{
	struct xfs_entry entry;
	uint32_t i;
	int r;

	for (i = first_entry(leaf, hash); i < leaf->count; i++) {
		if (be32_get(leaf->entries[i].hash) != hash)
			return 1;
		r = entry_at(dir, be32_get(leaf->entries[i].address), &entry);
		if (r < 0)
			return r;
		if (r > 0 && xfs_match_try(match, &entry))
			return 1;
	}
	return leaf->next == 0;
}

static int search_index(struct xfs_dir *dir, uint32_t hash, struct xfs_match *match)
{
	struct index_block leaf = {0};
	uint32_t leaves;
	int r = find_leaf(dir, hash, &leaf);

	if (r <= 0)
		return r;
	for (leaves = 0; leaves < XFS_MAX_LEAVES; leaves++) {
		r = search_leaf(dir, &leaf, hash, match);
		if (r)
			return r < 0 ? r : 0;
		r = index_read(dir, leaf.next, &leaf);
		if (r)
			return r;
		if (!leaf.leaf)
			return -EUCLEAN;
	}
	return -EUCLEAN;
}

int xfs_index_find(struct xfs_dir *dir, struct xfs_match *match)
{
	uint32_t hash = hash_name(match->name, dir->xfs->nocase ? xfs_fold : NULL), other;
	int r;

	dir->index = malloc(dir->xfs->dir_size);
	if (!dir->index)
		return -ENOMEM;
	r = search_index(dir, hash, match);
	if (r || match->found || !dir->xfs->nocase)
		return r;
	/* xfsprogs before 6.4 hashed by ASCII alone, unlike the kernel. */
	other = hash_name(match->name, fold_ascii);
	return other == hash ? 0 : search_index(dir, other, match);
}
