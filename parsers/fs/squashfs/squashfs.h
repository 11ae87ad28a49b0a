/* SquashFS 4 from the inside: shared by the files of this reader only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/bytes.h"
#include "parsers/fs/fs.h"
#include "parsers/fs/unpack.h"

/*
 * Source of the format: Documentation/filesystems/squashfs.rst of Linux, and the layout page of
 * squashfs-tools-ng. libsquashfs itself is not used: it allocates by the numbers on the disk, and
 * Debian's has no lzo.
 */

enum {
	SQUASH_META_SIZE = 8192, /* bytes of an unpacked metadata block, at most */
	SQUASH_NAME_MAX = 256,
	SQUASH_NO_FRAGMENT = -1,
	SQUASH_TARGET_MAX = 65535,
	SQUASH_CACHES = 4,
	SQUASH_NOT_PACKED = 1 << 24, /* in the size of a data block or fragment */
};

/* A place in the metadata: a block's place on the volume, and bytes in the unpacked block. */
struct squash_place {
	uint64_t block; /* bytes from the volume's start */
	uint32_t offset;
};

/* An unpacked metadata block. */
struct squash_meta {
	uint64_t at, next; /* of this block and of the one behind it; at 0: empty */
	uint32_t len;
	uint32_t used; /* when: the least is given up first */
	unsigned char bytes[SQUASH_META_SIZE];
};

struct squash {
	struct fs fs;
	struct blockdev dev; /* cut to what the file system uses */
	struct arena *arena;
	enum packing packing;
	uint32_t block_size;                 /* bytes: 4096 to 1 MiB */
	uint64_t root;                       /* reference of the root's inode */
	uint64_t inodes, folders, fragments; /* tables: bytes from the volume's start */
	uint32_t n_fragments;
	uint32_t clock;
	struct squash_meta *metas; /* SQUASH_CACHES of them */
	/* A data block or fragment as last unpacked; both buffers have block_size bytes. */
	unsigned char *packed, *block;
	uint64_t block_at; /* 0: none */
	uint32_t block_len;
	/* Where the last read of a file ended; UINT64_MAX: of none. */
	struct {
		uint64_t ino, index;
		uint64_t at; /* of block `index`: bytes from the volume's start */
		struct squash_place sizes;
	} cursor;
};

static inline struct squash *squash_of(struct fs *fs)
{
	return (struct squash *)fs;
}

/* What node.aux holds. */
enum {
	SQUASH_AUX_START, /* file: its first block; folder: its listing's block; from the start */
	SQUASH_AUX_FRAGMENT, /* file: fragment's number and, << 32, offset; folder: listing's offset */
	SQUASH_AUX_MORE,     /* where the rest of the inode lies: block << 16 | offset */
	SQUASH_AUX_LENGTH, /* folder: bytes of the listing and, << 32, number of index entries */
};

/* squash_meta.c: metadata */

/* The next `len` bytes, over as many blocks as it takes; `place` goes behind them. */
int squash_read_meta(
	struct squash *squash, struct squash_place *place, void *buf, size_t len) MUST_CHECK;

/* Skips `len` bytes. */
int squash_skip_meta(struct squash *squash, struct squash_place *place, size_t len) MUST_CHECK;

static inline uint64_t squash_place_pack(struct squash_place place)
{
	return place.block << 16 | place.offset;
}

static inline struct squash_place squash_place_unpack(uint64_t packed)
{
	return (struct squash_place){packed >> 16, packed & 0xffff};
}

/* squash_inode.c */

/* Reads the inode at `ref`, as directories and the superblock name it. */
int squash_read_inode(struct squash *squash, uint64_t ref, struct node *ret) MUST_CHECK;

/* squash_folder.c: fs_ops.find and fs_ops.list */

int squash_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret);
int squash_list(struct fs *fs, const struct node *folder, fs_visit *visit, void *context);

/* squash_content.c: fs_ops.read and fs_ops.extents */

ssize_t squash_read(struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len);
int squash_extents(struct fs *fs, const struct node *file, struct extents *ret);
