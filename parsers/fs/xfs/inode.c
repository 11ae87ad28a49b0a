/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/xfs.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

/* Nanoseconds since 1901 with big timestamps, else 32 bits of seconds and of nanoseconds. */
static int64_t seconds(struct be64 stamp, bool big)
{
	uint64_t value = be64_get(stamp);

	if (big)
		return (int64_t)(value / 1000000000) + INT32_MIN;
	return (int32_t)(uint32_t)(value >> 32);
}

static int inode_place(const struct xfs *xfs, uint64_t ino, uint64_t *offset)
{
	uint64_t inside = ino & (((uint64_t)1 << xfs->inodes_per_block_log) - 1);
	int r;

	r = xfs_blocks_place(xfs, ino >> xfs->inodes_per_block_log, 1, offset);
	if (r)
		return r;
	*offset += inside << xfs->inode_log;
	return 0;
}

static int take_fork(
	const struct xfs *xfs, const struct xfs_disk_inode *disk, struct xfs_inode *ret)
{
	uint32_t core = xfs->v5 ? sizeof(*disk) : XFS_INODE_CORE_V2;
	uint32_t room = xfs->inode_size - core;
	uint32_t attributes = (uint32_t)disk->attr_start * 8;

	if (attributes > room)
		return -EUCLEAN;
	ret->fork = core;
	ret->fork_size = attributes ? attributes : room;
	return 0;
}

static void take_fields(
	const struct xfs *xfs, const struct xfs_disk_inode *disk, struct xfs_inode *ret)
{
	uint64_t flags2 = xfs->v5 ? be64_get(disk->flags2) : 0;

	ret->mode = be16_get(disk->mode);
	ret->format = disk->format;
	ret->size = be64_get(disk->size);
	ret->extents =
		flags2 & XFS_INODE_NREXT64 ? be64_get(disk->big_extents) : be32_get(disk->extents);
	ret->mtime_s = seconds(disk->mtime, flags2 & XFS_INODE_BIGTIME);
	ret->ctime_s = seconds(disk->ctime, flags2 & XFS_INODE_BIGTIME);
	ret->generation = be32_get(disk->generation);
	ret->realtime = S_ISREG(ret->mode) && be16_get(disk->flags) & XFS_INODE_REALTIME;
}

int xfs_inode_read(struct xfs *xfs, uint64_t ino, struct xfs_inode *ret)
{
	const struct xfs_disk_inode *disk;
	uint64_t offset;
	int r;

	r = inode_place(xfs, ino, &offset);
	if (r)
		return r;
	r = blockdev_read(&xfs->dev, offset, ret->raw, xfs->inode_size);
	if (r)
		return r;
	disk = (const struct xfs_disk_inode *)(const void *)ret->raw;
	if (be16_get(disk->magic) != XFS_INODE_MAGIC || be16_get(disk->mode) == 0 ||
		(xfs->v5 && be64_get(disk->ino) != ino) || be64_get(disk->size) > INT64_MAX)
		return -EUCLEAN;
	xfs_checksum(xfs, ret->raw, xfs->inode_size, offsetof(struct xfs_disk_inode, crc),
		xfs_replayed(xfs, offset, xfs->inode_size), "an inode");
	ret->ino = ino;
	take_fields(xfs, disk, ret);
	return take_fork(xfs, disk, ret);
}

static enum node_type node_type(uint16_t mode)
{
	if (S_ISREG(mode))
		return NODE_FILE;
	if (S_ISDIR(mode))
		return NODE_FOLDER;
	return S_ISLNK(mode) ? NODE_LINK : NODE_OTHER;
}

struct node xfs_inode_node(const struct xfs_inode *inode)
{
	return (struct node){
		.type = node_type(inode->mode),
		.ino = inode->ino,
		.size = inode->size,
		.mtime_s = inode->mtime_s,
		.ctime_s = inode->ctime_s,
		.mode = inode->mode & 07777,
		.generation = inode->generation,
	};
}
