/* EROFS from the inside: shared by the files of this reader only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/bytes.h"
#include "parsers/disk/readcache.h"
#include "parsers/fs/fs.h"
#include "parsers/fs/unpack.h"

/* Source of the format: Documentation/filesystems/erofs.rst of Linux and its erofs_fs.h. */

enum {
	EROFS_SUPER_AT = 1024, /* bytes */
	EROFS_NAME_MAX = 255,
	EROFS_MAX_BLOCK = 1 << 16,
	EROFS_MAX_PACKED = 1 << 20, /* bytes of compressed data in one piece, on the disk */
	EROFS_MAX_PIECE = 12 << 20, /* bytes of such a piece, unpacked */
	EROFS_TARGET_MAX = 4095,
};

/* How a file's bytes lie on the disk. */
enum erofs_layout {
	EROFS_FLAT,
	EROFS_PACKED_FULL, /* compressed; index entries of eight bytes */
	EROFS_INLINE,      /* flat, with the last part behind the inode */
	EROFS_PACKED_COMPACT,
	EROFS_CHUNKS,
};

/* What node.aux holds. */
enum {
	EROFS_AUX_LAYOUT, /* enum erofs_layout */
	EROFS_AUX_START,  /* flat: first block; chunks: their format */
	EROFS_AUX_BEHIND, /* what lies behind inode and attributes: bytes from the volume's start */
};

struct erofs {
	struct fs fs;
	struct blockdev dev;
	struct arena *arena;
	struct report *report;
	struct text volume_name;
	uint32_t block_bits;   /* 9 to 16 */
	uint64_t inodes;       /* number 0 lies here, bytes from the volume's start */
	uint64_t root;         /* inode number */
	int64_t build_time_s;  /* of inodes without times */
	bool padded;           /* compressed data ends with its block, zeros in front */
	uint64_t packed_inode; /* of the file that holds ends of others; 0: none */
	bool in_packed;        /* it is being read: what it holds has no ends elsewhere */
	struct readcache cache;
	unsigned char *folder_block; /* what a look-up has before it */
	/* The last piece that was unpacked. */
	unsigned char *packed, *unpacked;
	size_t packed_room, unpacked_room;
	uint64_t unpacked_at; /* where the compressed data lies; 0: none */
	size_t unpacked_len;
};

static inline struct erofs *erofs_of(struct fs *fs)
{
	return (struct erofs *)fs;
}

/* Bytes of a file in one piece. */
struct erofs_piece {
	enum erofs_piece_kind { EROFS_HOLE, EROFS_PLAIN, EROFS_PACKED, EROFS_FRAGMENT } kind;
	enum packing packing;    /* EROFS_PACKED: of a stream that may hold more */
	uint64_t offset, length; /* in the file, bytes; the byte asked for lies inside */
	/* On the volume, bytes; checked. EROFS_FRAGMENT: in the packed inode, not checked. */
	uint64_t at, size;
};

/* erofs_inode.c */

int erofs_read_inode(struct erofs *erofs, uint64_t number, struct node *ret) MUST_CHECK;

/* Bytes of metadata, through the cache. -EUCLEAN past the end, -EIO. */
int erofs_read_meta(struct erofs *erofs, uint64_t at, void *buf, size_t len) MUST_CHECK;

/* erofs_map.c and erofs_index.c */

/* The piece that holds byte `offset`, which is inside the file. -EUCLEAN, -EIO, -ENOTSUP. */
int erofs_map(struct erofs *erofs, const struct node *file, uint64_t offset,
	struct erofs_piece *ret) MUST_CHECK;

/* The same for compressed files. */
int erofs_map_packed(struct erofs *erofs, const struct node *file, uint64_t offset,
	struct erofs_piece *ret) MUST_CHECK;

/* erofs_content.c: fs_ops.read and fs_ops.extents */

ssize_t erofs_read(struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len);
int erofs_extents(struct fs *fs, const struct node *file, struct extents *ret);

/* erofs_folder.c: fs_ops.find and fs_ops.list */

int erofs_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret);
int erofs_list(struct fs *fs, const struct node *folder, fs_visit *visit, void *context);
