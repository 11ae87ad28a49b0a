/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/dir.h"

#include "core/checked.h"

#include <errno.h>
#include <sys/stat.h>

int xfs_dir_init(struct xfs_dir *dir, struct xfs *xfs, uint64_t ino)
{
	int r;

	dir->xfs = xfs;
	dir->map = (struct xfs_map){0};
	dir->block = NULL;
	dir->index = NULL;
	dir->number = UINT64_MAX;
	r = xfs_inode_read(xfs, ino, &dir->inode);
	if (r)
		return r;
	if (!S_ISDIR(dir->inode.mode))
		return -ENOTDIR;
	if (dir->inode.format == XFS_FORK_LOCAL)
		return 0;
	dir->block = malloc(xfs->dir_size);
	if (!dir->block)
		return -ENOMEM;
	return xfs_map_init(&dir->map, xfs, &dir->inode);
}

void xfs_dir_done(struct xfs_dir *dir)
{
	xfs_map_done(&dir->map);
	free(dir->block);
	free(dir->index);
}

int xfs_dir_read(struct xfs_dir *dir, uint64_t at, uint8_t *buf)
{
	const struct xfs *xfs = dir->xfs;
	uint64_t end = at + ((uint64_t)1 << xfs->dir_block_log), count, offset;
	struct xfs_extent extent;
	int r;

	dir->replayed = false;
	for (; at < end; at += count) {
		r = xfs_map_find(&dir->map, at, &extent);
		if (r < 0)
			return r;
		if (r == 0 || extent.start > at || extent.unwritten)
			return -EUCLEAN;
		count = min_u64(end, extent.start + extent.count) - at;
		r = xfs_blocks_place(xfs, extent.block + (at - extent.start), count, &offset);
		if (r)
			return r;
		r = blockdev_read(&xfs->dev, offset, buf, count << xfs->block_log);
		if (r)
			return r;
		dir->replayed |= xfs_replayed(xfs, offset, count << xfs->block_log);
		buf += count << xfs->block_log;
	}
	return 0;
}

static uint32_t block_magic(const uint8_t *block)
{
	struct be32 magic;

	memcpy(&magic, block, sizeof(magic));
	return be32_get(magic);
}

bool xfs_dir_single(const struct xfs_dir *dir)
{
	return block_magic(dir->block) == (dir->xfs->v5 ? XFS_DIR_BLOCK_V5 : XFS_DIR_BLOCK_V4);
}

int xfs_dir_data(struct xfs_dir *dir, uint64_t at)
{
	uint32_t magic = dir->xfs->v5 ? XFS_DIR_DATA_V5 : XFS_DIR_DATA_V4;
	int r;

	if (dir->number == at)
		return 0;
	dir->number = UINT64_MAX;
	r = xfs_dir_read(dir, at, dir->block);
	if (r)
		return r;
	if (block_magic(dir->block) != magic && !(at == 0 && xfs_dir_single(dir)))
		return -EUCLEAN;
	xfs_checksum(
		dir->xfs, dir->block, dir->xfs->dir_size, XFS_DATA_CRC, dir->replayed, "a folder");
	dir->number = at;
	return 0;
}

uint32_t xfs_dir_header(const struct xfs *xfs)
{
	return xfs->v5 ? XFS_DATA_HEADER_V5 : XFS_DATA_HEADER_V4;
}

/* Where the entries end: in a folder's only block hashes and a tail stand behind them. */
static int entries_end(const struct xfs_dir *dir, uint32_t *ret)
{
	uint32_t size = dir->xfs->dir_size, hashes;
	struct xfs_disk_tail tail;

	*ret = size;
	if (!xfs_dir_single(dir))
		return 0;
	memcpy(&tail, dir->block + size - sizeof(tail), sizeof(tail));
	hashes = be32_get(tail.count);
	size -= xfs_dir_header(dir->xfs) + (uint32_t)sizeof(tail);
	if (hashes > size / sizeof(struct xfs_disk_hash))
		return -EUCLEAN;
	*ret -= (uint32_t)(sizeof(tail) + hashes * sizeof(struct xfs_disk_hash));
	return 0;
}

/* inode number (8), length of the name (1), name, file type (1, with ftype), own offset (2) */
int xfs_dir_entry(
	const struct xfs_dir *dir, uint32_t at, uint32_t end, struct xfs_entry *ret, uint32_t *next)
{
	const uint8_t *entry = dir->block + at;
	struct be16 tag, length;
	struct be64 ino;
	uint32_t size;

	if (at % 8 || !range_inside(at, 8, end))
		return -EUCLEAN;
	memcpy(&tag, entry, sizeof(tag));
	if (be16_get(tag) == XFS_DIR_FREE_TAG) {
		memcpy(&length, entry + 2, sizeof(length));
		size = be16_get(length);
		*next = at + size;
		return size == 0 || size % 8 || !range_inside(at, size, end) ? -EUCLEAN : 0;
	}
	if (!range_inside(at, 16, end))
		return -EUCLEAN;
	size = (9U + entry[8] + (dir->xfs->ftype ? 1 : 0) + 2 + 7) / 8 * 8;
	if (entry[8] == 0 || !range_inside(at, size, end))
		return -EUCLEAN;
	memcpy(&ino, entry, sizeof(ino));
	ret->ino = be64_get(ino);
	ret->name = (struct text){(const char *)entry + 9, entry[8]};
	*next = at + size;
	return 1;
}

/* The entries of a folder that stand in its inode. */
struct short_walk {
	const uint8_t *at, *end;
	uint32_t left, ino_bytes, tail;
};

static int short_begin(const struct xfs_dir *dir, struct short_walk *walk)
{
	const struct xfs_inode *inode = &dir->inode;
	const uint8_t *fork = inode->raw + inode->fork;
	uint32_t header;

	if (inode->size > inode->fork_size || inode->size < 6)
		return -EUCLEAN;
	walk->left = fork[0];
	walk->ino_bytes = fork[1] ? 8 : 4;
	walk->tail = walk->ino_bytes + (dir->xfs->ftype ? 1 : 0);
	walk->end = fork + inode->size;
	header = 2 + walk->ino_bytes; /* two counts, the parent's inode number */
	if (header > inode->size)
		return -EUCLEAN;
	walk->at = fork + header;
	return 0;
}

/* length of the name (1), offset for readdir (2), name, file type (1, with ftype), inode number */
static int short_next(struct short_walk *walk, struct xfs_entry *ret)
{
	size_t room = (size_t)(walk->end - walk->at), size;
	const uint8_t *ino;
	uint32_t i;

	if (walk->left == 0)
		return 0;
	if (room < 4 || walk->at[0] == 0)
		return -EUCLEAN;
	size = 3U + walk->at[0] + walk->tail;
	if (size > room)
		return -EUCLEAN;
	ret->name = (struct text){(const char *)walk->at + 3, walk->at[0]};
	ino = walk->at + size - walk->ino_bytes;
	for (ret->ino = 0, i = 0; i < walk->ino_bytes; i++)
		ret->ino = ret->ino << 8 | ino[i];
	walk->at += size;
	walk->left--;
	return 1;
}

static int short_find(const struct xfs_dir *dir, struct xfs_match *match)
{
	struct short_walk walk;
	struct xfs_entry entry;
	int r;

	r = short_begin(dir, &walk);
	if (r)
		return r;
	while ((r = short_next(&walk, &entry)) > 0) {
		if (xfs_match_try(match, &entry))
			return 0;
	}
	return r;
}

static int short_list(const struct xfs_dir *dir, fs_visit *visit, void *context)
{
	struct short_walk walk;
	struct xfs_entry entry;
	int r, stop;

	r = short_begin(dir, &walk);
	if (r)
		return r;
	while ((r = short_next(&walk, &entry)) > 0) {
		stop = visit(context, entry.name);
		if (stop)
			return stop;
	}
	return r;
}

uint8_t xfs_fold(uint8_t c)
{
	bool capital = (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);

	return capital ? (uint8_t)(c + 32) : c;
}

static bool equal_folded(struct text a, struct text b)
{
	size_t i;

	if (a.len != b.len)
		return false;
	for (i = 0; i < a.len; i++) {
		if (xfs_fold((uint8_t)a.at[i]) != xfs_fold((uint8_t)b.at[i]))
			return false;
	}
	return true;
}

bool xfs_match_try(struct xfs_match *match, const struct xfs_entry *entry)
{
	match->exact = text_equal(match->name, entry->name);
	if (!match->exact && (!match->xfs->nocase || !equal_folded(match->name, entry->name)))
		return false;
	match->found = true;
	match->ino = entry->ino;
	return match->exact;
}

/* The only block of a folder is searched from its start: it is read as a whole anyway. */
static int block_find(const struct xfs_dir *dir, struct xfs_match *match)
{
	uint32_t at = xfs_dir_header(dir->xfs), end;
	struct xfs_entry entry;
	int r;

	r = entries_end(dir, &end);
	while (r >= 0 && at < end) {
		r = xfs_dir_entry(dir, at, end, &entry, &at);
		if (r > 0 && xfs_match_try(match, &entry))
			return 0;
	}
	return r < 0 ? r : 0;
}

int xfs_dir_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret)
{
	struct xfs *xfs = (struct xfs *)fs;
	struct xfs_match match = {.xfs = xfs, .name = name};
	_xfs_dir_ struct xfs_dir dir;
	struct xfs_inode inode;
	int r;

	r = xfs_dir_init(&dir, xfs, folder->ino);
	if (r)
		return r;
	if (dir.inode.format == XFS_FORK_LOCAL) {
		r = short_find(&dir, &match);
	} else {
		r = xfs_dir_data(&dir, 0);
		if (r == 0)
			r = xfs_dir_single(&dir) ? block_find(&dir, &match)
						 : xfs_index_find(&dir, &match);
	}
	if (r == 0 && !match.found)
		r = -ENOENT;
	if (r == 0)
		r = xfs_inode_read(xfs, match.ino, &inode);
	if (r == 0)
		*ret = xfs_inode_node(&inode);
	return r;
}

static int block_list(const struct xfs_dir *dir, fs_visit *visit, void *context)
{
	uint32_t at = xfs_dir_header(dir->xfs), end;
	struct xfs_entry entry;
	int r, stop;

	r = entries_end(dir, &end);
	while (r >= 0 && at < end) {
		r = xfs_dir_entry(dir, at, end, &entry, &at);
		if (r <= 0 || text_is(entry.name, ".") || text_is(entry.name, ".."))
			continue;
		stop = visit(context, entry.name);
		if (stop)
			return stop;
	}
	return r < 0 ? r : 0;
}

int xfs_dir_list(struct fs *fs, const struct node *folder, fs_visit *visit, void *context)
{
	struct xfs *xfs = (struct xfs *)fs;
	uint64_t at = 0, mask = ((uint64_t)1 << xfs->dir_block_log) - 1;
	struct xfs_extent extent;
	_xfs_dir_ struct xfs_dir dir;
	int r;

	r = xfs_dir_init(&dir, xfs, folder->ino);
	if (r)
		return r;
	if (dir.inode.format == XFS_FORK_LOCAL)
		return short_list(&dir, visit, context);
	while ((r = xfs_map_find(&dir.map, at, &extent)) > 0) {
		if (extent.start > at)
			at = extent.start & ~mask;
		if (at >= XFS_DIR_LEAF_OFFSET >> xfs->block_log)
			return 0;
		r = xfs_dir_data(&dir, at);
		if (r == 0)
			r = block_list(&dir, visit, context);
		if (r)
			return r;
		at += mask + 1;
	}
	return r;
}
