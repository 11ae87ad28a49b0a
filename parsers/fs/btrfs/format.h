/* btrfs as it lies on the disk. Source: "On-disk Format", btrfs.readthedocs.io. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/bytes.h"

#define BTRFS_SUPER_OFFSET  65536
#define BTRFS_SUPER_SIZE    4096
#define BTRFS_MAGIC         "_BHRfS_M"
#define BTRFS_MAX_LEVEL     8
#define BTRFS_CHECKSUM_ROOM 32
#define BTRFS_STRIPE        65536  /* bytes of one stripe, always */
#define BTRFS_MAX_PACKED    131072 /* bytes of a compressed extent, packed or not */

/* Objects and trees with fixed numbers. */
#define BTRFS_ROOT_TREE       1ULL
#define BTRFS_CHUNK_TREE      3ULL
#define BTRFS_TOP_TREE        5ULL /* the subvolume at the top */
#define BTRFS_DEFAULT_FOLDER  6ULL /* names of the root tree: "default" */
#define BTRFS_CHECKSUM_TREE   7ULL
#define BTRFS_FIRST_INO       256ULL /* the root folder of every subvolume; also chunks */
#define BTRFS_CHECKSUM_OBJECT ((uint64_t)-10)

enum btrfs_key_type {
	BTRFS_INODE_ITEM = 1,
	BTRFS_DIR_ITEM = 84,  /* names by their hash */
	BTRFS_DIR_INDEX = 96, /* names by the order in which they were made */
	BTRFS_EXTENT_DATA = 108,
	BTRFS_EXTENT_CHECKSUM = 128,
	BTRFS_ROOT_ITEM = 132,
	BTRFS_ROOT_REF = 156, /* where a subvolume hangs in another one */
	BTRFS_CHUNK_ITEM = 228,
};

/* Incompatible features: mixed references, default subvolume, mixed groups, lzo, zstd, big
 * metadata, extended references, RAID 5/6, skinny metadata, no holes, metadata UUID, RAID 1c3/1c4,
 * zoned, simple quota. Not known: extent tree v2, RAID stripe tree. */
#define BTRFS_INCOMPAT_KNOWN 0x11fffULL

#define BTRFS_GROUP_RAID0    0x008ULL
#define BTRFS_GROUP_RAID10   0x040ULL
#define BTRFS_GROUP_RAID5    0x080ULL
#define BTRFS_GROUP_RAID6    0x100ULL
#define BTRFS_GROUP_PROFILES 0x7f8ULL /* and DUP, RAID 1, 1c3, 1c4: all copies are equal */

struct btrfs_disk_key {
	struct le64 object;
	uint8_t type;
	struct le64 offset;
} __attribute__((packed));

struct btrfs_disk_device {
	struct le64 id, total_bytes, bytes_used;
	struct le32 io_align, io_width, sector_size;
	struct le64 type, generation, start_offset;
	struct le32 group;
	uint8_t seek_speed, bandwidth;
	uint8_t uuid[16], fsid[16];
} __attribute__((packed));

struct btrfs_disk_super {
	uint8_t checksum[BTRFS_CHECKSUM_ROOM]; /* of everything behind it */
	uint8_t fsid[16];
	struct le64 bytenr, flags;
	char magic[8];
	struct le64 generation, root, chunk_root, log_root, log_root_generation;
	struct le64 total_bytes, bytes_used, root_dir, devices;
	struct le32 sector_size, node_size, leaf_size, stripe_size, chunks_size;
	struct le64 chunk_root_generation, compat, compat_ro, incompat;
	struct le16 checksum_type;
	uint8_t root_level, chunk_root_level, log_root_level;
	struct btrfs_disk_device device;
	char label[256];
	struct le64 cache_generation, uuid_generation;
	uint8_t metadata_uuid[16];
	uint8_t reserved[224];
	uint8_t chunks[2048]; /* keys, each followed by its chunk */
	uint8_t rest[1237];
} __attribute__((packed));
_Static_assert(sizeof(struct btrfs_disk_super) == BTRFS_SUPER_SIZE, "superblock");

/* In front of every node and leaf. */
struct btrfs_disk_header {
	uint8_t checksum[BTRFS_CHECKSUM_ROOM]; /* of everything behind it */
	uint8_t fsid[16];
	struct le64 bytenr, flags;
	uint8_t chunk_tree_uuid[16];
	struct le64 generation, owner;
	struct le32 count;
	uint8_t level;
} __attribute__((packed));
_Static_assert(sizeof(struct btrfs_disk_header) == 101, "node header");

struct btrfs_disk_pointer {
	struct btrfs_disk_key key;
	struct le64 block, generation;
} __attribute__((packed));
_Static_assert(sizeof(struct btrfs_disk_pointer) == 33, "key pointer");

/* In a leaf; offset counts from behind the header. */
struct btrfs_disk_item {
	struct btrfs_disk_key key;
	struct le32 offset, size;
} __attribute__((packed));
_Static_assert(sizeof(struct btrfs_disk_item) == 25, "item");

struct btrfs_disk_stripe {
	struct le64 device, offset;
	uint8_t uuid[16];
} __attribute__((packed));

/* Its stripes stand behind it. */
struct btrfs_disk_chunk {
	struct le64 length, owner, stripe_size, type;
	struct le32 io_align, io_width, sector_size;
	struct le16 stripes, sub_stripes;
} __attribute__((packed));
_Static_assert(sizeof(struct btrfs_disk_chunk) == 48, "chunk");

struct btrfs_disk_time {
	struct le64 seconds;
	struct le32 nanoseconds;
} __attribute__((packed));

struct btrfs_disk_inode {
	struct le64 generation, transaction, size, bytes, block_group;
	struct le32 links, uid, gid, mode;
	struct le64 device, flags, sequence, reserved[4];
	struct btrfs_disk_time atime, ctime, mtime, birth;
} __attribute__((packed));
_Static_assert(sizeof(struct btrfs_disk_inode) == 160, "inode");

/* More may follow. */
struct btrfs_disk_root {
	struct btrfs_disk_inode inode;
	struct le64 generation, root_folder, block, byte_limit, bytes_used, last_snapshot, flags;
	struct le32 references;
	struct btrfs_disk_key drop_progress;
	uint8_t drop_level, level;
} __attribute__((packed));
_Static_assert(sizeof(struct btrfs_disk_root) == 239, "root");

/* The name stands behind it, then data_size bytes. */
struct btrfs_disk_name {
	struct btrfs_disk_key place; /* of an inode, or of a subvolume's root */
	struct le64 transaction;
	struct le16 data_size, name_size;
	uint8_t type;
} __attribute__((packed));
_Static_assert(sizeof(struct btrfs_disk_name) == 30, "name");

/* The name stands behind it. */
struct btrfs_disk_ref {
	struct le64 folder, sequence;
	struct le16 name_size;
} __attribute__((packed));
_Static_assert(sizeof(struct btrfs_disk_ref) == 18, "subvolume reference");

enum btrfs_extent_type { BTRFS_INLINE = 0, BTRFS_REGULAR = 1, BTRFS_PREALLOCATED = 2 };
enum btrfs_packing { BTRFS_PLAIN = 0, BTRFS_ZLIB = 1, BTRFS_LZO = 2, BTRFS_ZSTD = 3 };

/* An inline extent's bytes stand behind these. */
struct btrfs_disk_extent {
	struct le64 generation, unpacked_size;
	uint8_t packing, encryption;
	struct le16 other_encoding;
	uint8_t type;
} __attribute__((packed));
_Static_assert(sizeof(struct btrfs_disk_extent) == 21, "extent");

/* Any other extent's place does. */
struct btrfs_disk_place {
	struct le64 block, size; /* on the disk; block 0 is a hole */
	struct le64 offset;      /* into the unpacked extent */
	struct le64 length;      /* in the file */
} __attribute__((packed));
