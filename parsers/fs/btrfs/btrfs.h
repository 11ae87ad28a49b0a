/* Inside the btrfs reader: devices, chunks, trees, inodes, extents. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/fs/btrfs/format.h"
#include "parsers/disk/witness.h"
#include "parsers/fs/fs.h"

enum {
	BTRFS_CACHED_NODES = 16,
	BTRFS_MAX_COPIES = 4,   /* RAID 1c4 */
	BTRFS_MAX_NAME = 255,   /* bytes */
	BTRFS_MAX_LINK = 4095,  /* bytes of a symbolic link's target */
	BTRFS_MAX_NODE = 65536, /* bytes, also of a sector */
};

struct btrfs_device {
	struct blockdev dev;
	uint8_t uuid[16];
	uint64_t generation; /* the last write that it took part in */
	bool member;         /* of this file system, not only of its seed or of another one */
	bool stale;          /* missed writes of the others */
};

struct btrfs_stripe {
	uint64_t offset;                   /* bytes on the device */
	const struct btrfs_device *device; /* NULL: not at hand */
};

/* A range of logical addresses and where it lies. */
struct btrfs_chunk {
	uint64_t start, length;
	uint32_t copies;  /* of every byte; their stripes stand side by side */
	uint32_t columns; /* stripes in a row that hold different data */
	uint32_t parity;  /* further stripes in a row; RAID 5 and 6 */
	struct btrfs_stripe *stripes;
};

struct btrfs_chunks {
	struct btrfs_chunk *at; /* by start */
	uint32_t count, room;
};

struct btrfs_tree {
	uint64_t root; /* logical address; 0: no such tree */
	uint64_t generation;
	uint8_t level;
};

struct btrfs_cached {
	uint64_t block, used; /* logical address; when it was used last, 0: holds nothing */
	uint8_t *bytes;
};

struct btrfs {
	struct fs fs;
	struct arena *arena;
	struct report *report;
	struct text volume; /* for the report */
	struct btrfs_device *devices;
	uint32_t n_devices;
	struct btrfs_chunks chunks;
	uint32_t sector_size, node_size; /* bytes */
	uint16_t checksum_type;
	uint32_t checksum_size; /* bytes */
	struct btrfs_tree root_tree, chunk_tree, checksum_tree;
	struct witness super;  /* the superblock: a guest that runs changes it with each commit */
	uint64_t default_tree; /* subvolume; BTRFS_TOP_TREE: the top itself */
	bool checksum_told;
	uint64_t clock; /* for the cache */
	struct btrfs_cached cache[BTRFS_CACHED_NODES];
	uint8_t *packed, *unpacked; /* the compressed extent that was unpacked last */
	uint64_t unpacked_block;    /* 0: none yet */
	uint64_t unpacked_size;
};

/* ---- btrfs_checksum.c: the four algorithms ------------------------------------------------ */

/* The size of a checksum in bytes; 0: no such type. */
uint32_t btrfs_checksum_size(uint16_t type);
/* Writes the checksum into `sum`, which has room for BTRFS_CHECKSUM_ROOM bytes. */
void btrfs_checksum(uint16_t type, const void *bytes, size_t len, uint8_t *sum);
bool btrfs_checksum_good(uint16_t type, const void *bytes, size_t len, const uint8_t *expected);
/* Says once for the volume that a checksum is wrong and nothing better was found. */
void btrfs_checksum_note(struct btrfs *btrfs, const char *what);
/* How folders hash names. */
uint32_t btrfs_name_hash(struct text name);

/* ---- btrfs_super.c: superblocks and devices ------------------------------------------------ */

/*
 * Finds the devices of the file system on source->dev and reads the newest superblock into
 * `super`, all its fields checked; fills devices, sizes, trees and names. The errors of open().
 */
int btrfs_super_read(struct btrfs *btrfs, const struct fs_source *source,
	struct btrfs_disk_super *super, struct err *err) MUST_CHECK;

/* NULL: not at hand. */
const struct btrfs_device *btrfs_device_find(const struct btrfs *btrfs, const uint8_t *uuid);

/* ---- btrfs_chunk.c: logical addresses ------------------------------------------------------ */

/* The chunks that the superblock tells, needed to read the tree of all chunks. -EUCLEAN. */
int btrfs_chunks_begin(struct btrfs *btrfs, const struct btrfs_disk_super *super) MUST_CHECK;
/* All chunks. -EUCLEAN, -EIO, -ENOMEM. */
int btrfs_chunks_read(struct btrfs *btrfs) MUST_CHECK;

/*
 * Where the byte at a logical address lies in copy number `copy` (from 0), and how many bytes
 * behind it lie there as well. -ENOENT: no such copy; -EIO: its device is not at hand, or one of a
 * row with parity that missed writes (*length is set, too); -EUCLEAN:
 * no such address.
 */
int btrfs_place(const struct btrfs *btrfs, uint64_t logical, unsigned copy,
	const struct btrfs_device **device, uint64_t *offset, uint64_t *length) MUST_CHECK;

/* Can a byte whose device is not at hand be computed? */
bool btrfs_has_parity(const struct btrfs *btrfs, uint64_t logical);

/*
 * Reads one copy; where there is parity, the copy behind the last one is computed. The errors of
 * btrfs_place().
 */
int btrfs_read_copy(const struct btrfs *btrfs, uint64_t logical, unsigned copy, void *buf,
	size_t len) MUST_CHECK;

/* ---- btrfs_tree.c: items by their keys ----------------------------------------------------- */

struct btrfs_key {
	uint64_t object;
	uint8_t type;
	uint64_t offset;
};

/* An item of a leaf; `data` is borrowed until the cursor moves. */
struct btrfs_item {
	struct btrfs_key key;
	const uint8_t *data;
	uint32_t size;
};

/* A place in a tree. */
struct btrfs_cursor {
	struct btrfs *btrfs;
	struct btrfs_tree tree;
	uint8_t *leaf;          /* NULL: none read */
	uint32_t count, slot;   /* items in the leaf; the one that next gives */
	struct btrfs_key last;  /* all further items must have greater keys */
	bool more;              /* there are leaves to the right, */
	struct btrfs_key after; /* which begin with this key */
};

void btrfs_cursor_init(
	struct btrfs_cursor *cursor, struct btrfs *btrfs, const struct btrfs_tree *tree);
void btrfs_cursor_done(struct btrfs_cursor *cursor);
#define _btrfs_cursor_ CLEANUP(btrfs_cursor_done)

/* The last item not behind the key: 1, or 0 where none is (then next gives the tree's first). */
int btrfs_cursor_before(struct btrfs_cursor *cursor, const struct btrfs_key *key,
	struct btrfs_item *ret) MUST_CHECK;
/* The first item not before the key: 1, or 0 where none is. */
int btrfs_cursor_from(struct btrfs_cursor *cursor, const struct btrfs_key *key,
	struct btrfs_item *ret) MUST_CHECK;
/* The item with exactly this key: 1 or 0. */
int btrfs_cursor_exact(struct btrfs_cursor *cursor, const struct btrfs_key *key,
	struct btrfs_item *ret) MUST_CHECK;
/* The item behind the last one: 1, or 0 at the end. Its key is always greater. */
int btrfs_cursor_next(struct btrfs_cursor *cursor, struct btrfs_item *ret) MUST_CHECK;

/* The tree with this number. -ENOENT. */
int btrfs_tree_find(struct btrfs *btrfs, uint64_t id, struct btrfs_tree *ret) MUST_CHECK;

/* ---- btrfs_dir.c: inodes and folders ------------------------------------------------------- */

int btrfs_inode_node(struct btrfs *btrfs, uint64_t tree, uint64_t ino, struct node *ret) MUST_CHECK;
/* The number of the subvolume that is the default; the top where none was set. */
int btrfs_default_find(struct btrfs *btrfs, uint64_t *ret) MUST_CHECK;
int btrfs_dir_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret);
int btrfs_dir_list(struct fs *fs, const struct node *folder, fs_visit *visit, void *context);

/* The subvolume and inode number of a node. */
#define BTRFS_NODE_TREE(node) ((node)->aux[0])
#define BTRFS_NODE_INO(node)  ((node)->aux[1])

/* ---- btrfs_data.c: bytes of extents -------------------------------------------------------- */

/* Reads data, from another copy where checksums say that one is bad. -EIO: all are. */
int btrfs_data_read(struct btrfs *btrfs, uint64_t logical, void *buf, size_t len) MUST_CHECK;

/* Unpacks; `*done` is how many bytes came out, at most `room`. -EUCLEAN, -ENOTSUP, -ENOMEM. */
int btrfs_unpack(const struct btrfs *btrfs, uint8_t packing, const uint8_t *packed, size_t len,
	uint8_t *out, size_t room, size_t *done) MUST_CHECK;

/* ---- btrfs_file.c -------------------------------------------------------------------------- */

ssize_t btrfs_file_read(
	struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len);
int btrfs_file_extents(struct fs *fs, const struct node *file, struct extents *ret);
ssize_t btrfs_link_read(struct fs *fs, const struct node *link, char *buf, size_t size);
