/* XFS as it lies on the disk. Source: "XFS Algorithms & Data Structures", kernel.org. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/bytes.h"

/* Big endian, but checksums (crc32c with the field itself as zeros) are little endian. */

#define XFS_MAGIC         0x58465342U /* "XFSB" */
#define XFS_INODE_MAGIC   0x494e      /* "IN" */
#define XFS_BMAP_MAGIC_V4 0x424d4150U /* "BMAP" */
#define XFS_BMAP_MAGIC_V5 0x424d4133U /* "BMA3" */
#define XFS_DIR_BLOCK_V4  0x58443242U /* "XD2B": the only block of a folder */
#define XFS_DIR_BLOCK_V5  0x58444233U /* "XDB3" */
#define XFS_DIR_DATA_V4   0x58443244U /* "XD2D": one of many */
#define XFS_DIR_DATA_V5   0x58444433U /* "XDD3" */
#define XFS_LEAF1_V4      0xd2f1      /* the only leaf */
#define XFS_LEAF1_V5      0x3df1
#define XFS_LEAFN_V4      0xd2ff /* one of many */
#define XFS_LEAFN_V5      0x3dff
#define XFS_NODE_V4       0xfebe
#define XFS_NODE_V5       0x3ebe
#define XFS_LINK_MAGIC    0x58534c4dU /* "XSLM" */

/* versionnum: the version and features of version 4. */
#define XFS_VERSION_MASK    0x000f
#define XFS_VERSION_DIRV2   0x2000
#define XFS_VERSION_NOCASE  0x4000
#define XFS_VERSION_MORE    0x8000 /* features2 counts */
#define XFS_FEATURES2_KNOWN 0x038aU
#define XFS_FEATURES2_FTYPE 0x0200U

/* features_incompat of version 5. */
#define XFS_INCOMPAT_FTYPE     0x0001U
#define XFS_INCOMPAT_META_UUID 0x0004U
#define XFS_INCOMPAT_REPAIR    0x0010U /* xfs_repair did not end */
/*
 * ftype, sparse inodes, meta UUID, big timestamps, needs repair, 64-bit extent counts, exchange
 * range, parent pointers, metadata folder, zoned, zone gaps: none of the rest changes how a file
 * on the data device is read, or each inode says so itself.
 */
#define XFS_INCOMPAT_KNOWN  0x07ffU

#define XFS_INODE_REALTIME  0x0001       /* flags: the data is on another device */
#define XFS_INODE_BIGTIME   0x0008U      /* flags2 */
#define XFS_INODE_NREXT64   0x0010U      /* flags2 */
#define XFS_DIR_LEAF_OFFSET (1ULL << 35) /* byte offset in a folder where its index begins */
#define XFS_DIR_FREE_TAG    0xffff

struct xfs_disk_super {
	struct be32 magic, block_size;
	struct be64 blocks, rt_blocks, rt_extents;
	uint8_t uuid[16];
	struct be64 log_start, root_ino, rt_bitmap_ino, rt_summary_ino;
	struct be32 rt_extent_size, ag_blocks, ag_count, rt_bitmap_blocks, log_blocks;
	struct be16 version, sector_size, inode_size, inodes_per_block;
	char label[12];
	uint8_t block_log, sector_log, inode_log, inodes_per_block_log, ag_block_log;
	uint8_t rt_extents_log, in_progress, inode_max_percent;
	struct be64 inode_count, inodes_free, blocks_free, rt_extents_free;
	struct be64 user_quota_ino, group_quota_ino;
	struct be16 quota_flags;
	uint8_t flags, shared_version;
	struct be32 inode_alignment, stripe_unit, stripe_width;
	uint8_t dir_block_log, log_sector_log;
	struct be16 log_sector_size;
	struct be32 log_stripe_unit, features2, bad_features2;
	struct be32 features_compat, features_ro_compat, features_incompat, features_log;
	struct le32 crc;
	struct be32 sparse_alignment;
	struct be64 project_quota_ino, lsn;
	uint8_t meta_uuid[16]; /* of metadata blocks, with XFS_INCOMPAT_META_UUID; else uuid */
} __attribute__((packed));
_Static_assert(sizeof(struct xfs_disk_super) == 264, "superblock");

struct xfs_disk_inode {
	struct be16 magic, mode;
	uint8_t version, format;
	struct be16 old_links;
	struct be32 uid, gid, links;
	struct be16 project_low, project_high;
	struct be64 big_extents; /* with XFS_INODE_NREXT64 */
	struct be64 atime, mtime, ctime, size, blocks;
	struct be32 extent_size, extents;
	struct be16 attr_extents;
	uint8_t attr_start; /* in 8 bytes behind the inode's core; 0: no attributes here */
	uint8_t attr_format;
	uint8_t dmapi[6];
	struct be16 flags;
	struct be32 generation, next_unlinked; /* a version 1 or 2 inode's core ends here */
	struct le32 crc;
	struct be64 changes, lsn, flags2;
	uint8_t cow[16];
	struct be64 birth, ino;
	uint8_t uuid[16];
} __attribute__((packed));
_Static_assert(sizeof(struct xfs_disk_inode) == 176, "inode");

#define XFS_INODE_CORE_V2 100

enum xfs_fork_format { XFS_FORK_LOCAL = 1, XFS_FORK_EXTENTS = 2, XFS_FORK_BTREE = 3 };

/*
 * 1 bit unwritten, 54 bits first block in the file, 52 bits first block on the disk, 21 bits
 * number of blocks.
 */
struct xfs_disk_extent {
	struct be64 high, low;
} __attribute__((packed));

/* The root of a B+tree in the inode: keys behind it, block numbers behind room for all keys. */
struct xfs_disk_root {
	struct be16 level, count;
} __attribute__((packed));

/* A block of the B+tree; version 5 has 48 bytes more before keys or extents begin. */
struct xfs_disk_btree {
	struct be32 magic;
	struct be16 level, count;
	struct be64 left, right;
} __attribute__((packed));
_Static_assert(sizeof(struct xfs_disk_btree) == 24, "B+tree block");

#define XFS_BTREE_HEADER_V5 72
#define XFS_BTREE_CRC       64

/* Folder, all names in the inode: entries behind it, inode numbers of 4 bytes or all of 8. */
struct xfs_disk_short_dir {
	uint8_t count, wide_count;
} __attribute__((packed));

/* Folder, data block: entries behind the header. */
#define XFS_DATA_HEADER_V4 16
#define XFS_DATA_HEADER_V5 64
#define XFS_DATA_CRC       4

/* At the end of a folder's only block; the hashes stand before it. */
struct xfs_disk_tail {
	struct be32 count, stale;
} __attribute__((packed));

struct xfs_disk_hash {
	struct be32 hash;
	struct be32 address; /* of the entry, in 8 bytes; in a node: a block of the folder */
} __attribute__((packed));

/* Folder, leaf or node of the index; in version 5 crc and more between `zero` and `count`. */
struct xfs_disk_index {
	struct be32 next, previous;
	struct be16 magic, zero;
} __attribute__((packed));
_Static_assert(sizeof(struct xfs_disk_index) == 12, "index block");

#define XFS_INDEX_COUNT_V4  12 /* offset of the be16 with the number of entries */
#define XFS_INDEX_COUNT_V5  56
#define XFS_INDEX_HEADER_V4 16
#define XFS_INDEX_HEADER_V5 64
#define XFS_INDEX_CRC       12

/* In front of each extent of a long symbolic link's target (version 5). */
struct xfs_disk_link {
	struct be32 magic, offset, bytes;
	struct le32 crc;
	uint8_t uuid[16];
	struct be64 owner, block, lsn;
} __attribute__((packed));
_Static_assert(sizeof(struct xfs_disk_link) == 56, "symbolic link");
