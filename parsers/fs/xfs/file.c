/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/xfs.h"

#include "core/checked.h"

#include <errno.h>

/* A run of a file's bytes: on the volume, or zeros. */
struct run {
	bool zero;
	uint64_t length, offset; /* bytes; offset on the volume */
};

/* The run that begins at byte `at` of the file, at most `most` bytes of it. */
static int run_at(struct xfs_map *map, uint64_t at, uint64_t most, struct run *ret)
{
	const struct xfs *xfs = map->xfs;
	uint64_t block = at >> xfs->block_log, inside = at & (xfs->block_size - 1);
	struct xfs_extent extent;
	uint64_t blocks;
	int r;

	r = xfs_map_find(map, block, &extent);
	if (r < 0)
		return r;
	if (r == 0) {
		*ret = (struct run){.zero = true, .length = most};
		return 0;
	}
	ret->zero = extent.unwritten || extent.start > block;
	blocks = (extent.start > block ? extent.start : extent.start + extent.count) - block;
	/* No more blocks than asked for: all of them may be more bytes than 64 bits count. */
	blocks = min_u64(blocks, (most >> xfs->block_log) + 2);
	ret->length = min_u64(most, (blocks << xfs->block_log) - inside);
	if (ret->zero)
		return 0;
	r = xfs_blocks_place(xfs, extent.block + (block - extent.start), 1, &ret->offset);
	ret->offset += inside;
	return r;
}

ssize_t xfs_file_read(
	struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len)
{
	struct xfs *xfs = (struct xfs *)fs;
	_xfs_map_ struct xfs_map map = {0};
	struct xfs_inode inode;
	struct run run;
	size_t done;
	int r;

	r = xfs_inode_read(xfs, file->ino, &inode);
	if (r)
		return r;
	r = xfs_map_init(&map, xfs, &inode);
	if (r)
		return r;
	if (offset >= inode.size)
		return 0;
	len = (size_t)min_u64(len, inode.size - offset);
	for (done = 0; done < len; done += (size_t)run.length) {
		r = run_at(&map, offset + done, len - done, &run);
		if (r)
			return r;
		if (run.zero)
			memset((char *)buf + done, 0, run.length);
		else
			r = blockdev_read(&xfs->dev, run.offset, (char *)buf + done, run.length);
		if (r)
			return r;
	}
	return (ssize_t)len;
}

int xfs_file_extents(struct fs *fs, const struct node *file, struct extents *ret)
{
	struct xfs *xfs = (struct xfs *)fs;
	_xfs_map_ struct xfs_map map = {0};
	struct xfs_inode inode;
	struct run run;
	uint64_t at;
	int r;

	r = xfs_inode_read(xfs, file->ino, &inode);
	if (r)
		return r;
	r = xfs_map_init(&map, xfs, &inode);
	for (at = 0; r == 0 && at < inode.size; at += run.length) {
		r = run_at(&map, at, inode.size - at, &run);
		if (r)
			return r;
		if (run.zero)
			r = extents_add(ret, EXTENT_ZERO, 0, 0, run.length);
		else
			r = blockdev_map(&xfs->dev, run.offset, run.length, ret);
	}
	return r;
}

/* A target of version 5: a header in front of the bytes of each extent. */
static int link_part(struct xfs *xfs, const struct xfs_extent *extent, struct xfs_inode *inode,
	char *buf, size_t *done)
{
	size_t header = xfs->v5 ? sizeof(struct xfs_disk_link) : 0, part;
	uint64_t size = extent->count << xfs->block_log, offset;
	struct xfs_disk_link disk;
	int r;

	r = xfs_blocks_place(xfs, extent->block, extent->count, &offset);
	if (r)
		return r;
	part = (size_t)min_u64(inode->size - *done, size - header);
	if (header) {
		r = blockdev_read(&xfs->dev, offset, &disk, sizeof(disk));
		if (r)
			return r;
		if (be32_get(disk.magic) != XFS_LINK_MAGIC || be32_get(disk.offset) != *done ||
			be32_get(disk.bytes) != part)
			return -EUCLEAN;
	}
	r = blockdev_read(&xfs->dev, offset + header, buf + *done, part);
	*done += part;
	return r;
}

static int link_remote(struct xfs *xfs, struct xfs_inode *inode, char *buf)
{
	_xfs_map_ struct xfs_map map = {0};
	struct xfs_extent extent;
	uint64_t at = 0;
	size_t done = 0;
	int r;

	r = xfs_map_init(&map, xfs, inode);
	while (r == 0 && done < inode->size) {
		r = xfs_map_find(&map, at, &extent);
		if (r < 0)
			return r;
		if (r == 0 || extent.start != at || extent.unwritten)
			return -EUCLEAN;
		at += extent.count;
		r = link_part(xfs, &extent, inode, buf, &done);
	}
	return r;
}

ssize_t xfs_link_read(struct fs *fs, const struct node *link, char *buf, size_t size)
{
	struct xfs *xfs = (struct xfs *)fs;
	struct xfs_inode inode;
	int r;

	r = xfs_inode_read(xfs, link->ino, &inode);
	if (r)
		return r;
	if (inode.size == 0 || inode.size > XFS_MAX_LINK)
		return -EUCLEAN;
	if (inode.size > size)
		return -ENAMETOOLONG;
	if (inode.format != XFS_FORK_LOCAL) {
		r = link_remote(xfs, &inode, buf);
	} else {
		if (inode.size > inode.fork_size)
			return -EUCLEAN;
		memcpy(buf, inode.raw + inode.fork, inode.size);
	}
	return r ? r : (ssize_t)inode.size;
}
