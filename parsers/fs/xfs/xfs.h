/* Inside the XFS reader: the open file system, inodes, the map of a file, folders. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/fs/fs.h"
#include "parsers/fs/xfs/format.h"
#include "parsers/fs/xfs/recover.h"

enum {
	XFS_MAX_INODE = 2048,   /* bytes */
	XFS_MAX_BLOCK = 65536,  /* bytes, also of a folder's block */
	XFS_MAX_LEVELS = 12,    /* of a B+tree of extents; the format's own maximum is 9 or 10 */
	XFS_MAX_NODE_DEPTH = 5, /* of a folder's index */
	XFS_MAX_LEAVES = 4096,  /* walked for one hash value: half a million equal hashes */
	XFS_MAX_LINK = 1024,    /* bytes of a symbolic link's target */
};

struct xfs {
	struct fs fs;
	struct blockdev dev; /* with what the log has laid over it */
	struct report *report;
	struct text volume; /* for the report */
	struct xfs_log log;
	struct xfs_recovery recovered;
	bool v5, ftype, nocase, checksum_told;
	uint32_t block_size, sector_size, inode_size, dir_size; /* bytes; dir_size: folder block */
	uint8_t block_log, inode_log, inodes_per_block_log, ag_block_log, dir_block_log;
	uint32_t ag_blocks, ag_count;
	uint64_t blocks, root_ino;
	uint64_t log_start;              /* 0: on another device */
	uint32_t log_blocks;             /* of block_size */
	uint8_t uuid[16], meta_uuid[16]; /* of the volume, and as metadata blocks have it */
};

/* Reads and checks the superblock into all fields of `xfs` but fs.ops. The errors of open(). */
int xfs_super_read(struct xfs *xfs, struct arena *arena, struct err *err) MUST_CHECK;

/* Where blocks that lie together in one allocation group begin on the volume. -EUCLEAN. */
int xfs_blocks_place(
	const struct xfs *xfs, uint64_t block, uint64_t count, uint64_t *offset) MUST_CHECK;

/*
 * Reports a wrong version 5 checksum, once for the whole volume. `replayed`: the log changed the
 * block, whose checksum is only made when the kernel writes it.
 */
void xfs_checksum(
	struct xfs *xfs, const void *bytes, size_t len, size_t at, bool replayed, const char *what);

/* Did the log change any byte of a range of the volume? */
static inline bool xfs_replayed(const struct xfs *xfs, uint64_t offset, uint64_t length)
{
	return overlay_covers(&xfs->recovered.overlay, offset, length);
}

struct xfs_inode {
	uint64_t ino, size, extents;
	int64_t mtime_s, ctime_s;
	uint32_t generation;
	uint16_t mode;
	uint8_t format; /* enum xfs_fork_format, or what the disk says */
	bool realtime;
	uint32_t fork, fork_size; /* the data fork: offset in raw and bytes */
	uint8_t raw[XFS_MAX_INODE];
};

/* -EUCLEAN: no such inode, or damaged; -EIO. */
int xfs_inode_read(struct xfs *xfs, uint64_t ino, struct xfs_inode *ret) MUST_CHECK;

/* An inode as the rest of the world sees it. */
struct node xfs_inode_node(const struct xfs_inode *inode);

/* Blocks of a file that lie together; file blocks count from 0. */
struct xfs_extent {
	uint64_t start, count; /* in the file */
	uint64_t block;        /* on the volume, as the format numbers blocks */
	bool unwritten;        /* reads as zeros */
};

/* The map of an inode's data fork, with the part of it that was used last. */
struct xfs_map {
	struct xfs *xfs;
	const struct xfs_inode *inode;
	const struct xfs_disk_extent *records;
	uint32_t count;
	uint64_t from, until; /* the file blocks that `records` speaks for */
	uint8_t *block;       /* the leaf read last; NULL: none */
	bool promised;        /* the log announces changes of this file's map */
};

/* Borrows both. -EUCLEAN where the fork holds no extents; -ENOTSUP for realtime files. */
int xfs_map_init(struct xfs_map *map, struct xfs *xfs, const struct xfs_inode *inode) MUST_CHECK;
void xfs_map_done(struct xfs_map *map);
#define _xfs_map_ CLEANUP(xfs_map_done)

/* The first extent that ends behind file block `at`, its place checked: 1, or 0 for none. */
int xfs_map_find(struct xfs_map *map, uint64_t at, struct xfs_extent *ret) MUST_CHECK;

int xfs_dir_find(
	struct fs *fs, const struct node *folder, struct text name, struct node *ret) MUST_CHECK;
int xfs_dir_list(struct fs *fs, const struct node *folder, fs_visit *visit, void *context);

ssize_t xfs_file_read(
	struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len);
int xfs_file_extents(struct fs *fs, const struct node *file, struct extents *ret);
ssize_t xfs_link_read(struct fs *fs, const struct node *link, char *buf, size_t size);
