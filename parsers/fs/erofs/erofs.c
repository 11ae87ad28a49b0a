/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/erofs/erofs.h"

#include "core/checked.h"
#include "parsers/fs/crc32c.h"

#include <errno.h>
#include <string.h>

extern const struct fs_ops erofs_ops;

struct superblock {
	struct le32 magic, checksum, compatible;
	unsigned char block_bits, extra_slots;
	struct le16 root;
	struct le64 inodes, build_time;
	struct le32 build_time_ns, blocks, meta_block, attribute_block;
	unsigned char uuid[16];
	char label[16];
	struct le32 incompatible;
	struct le16 algorithms, extra_devices, device_slot;
	unsigned char folder_block_bits, prefixes;
	struct le32 prefix_start;
	struct le64 packed_inode;
	unsigned char unused[24];
} __attribute__((packed));
_Static_assert(sizeof(struct superblock) == 128, "the superblock");

enum {
	MAGIC = 0xe0f5e1e2,
	MIN_BLOCK_BITS = 9,
	MAX_BLOCK_BITS = 16,
	/* Features that cannot be ignored. */
	PADDED = 0x01,
	LARGE_PIECES = 0x02,
	CHUNKS = 0x04,
	DEVICES = 0x08, /* also: a second algorithm in one file */
	PACKED_TAILS = 0x10,
	FRAGMENTS = 0x20, /* also: deduplication */
	PREFIXES = 0x40,  /* of attributes, which nobody reads here */
	KNOWN = PADDED | LARGE_PIECES | CHUNKS | DEVICES | PACKED_TAILS | FRAGMENTS | PREFIXES,
	/* Features that can. */
	CHECKSUM = 0x01,
};

static int read_superblock(const struct blockdev *dev, struct superblock *ret)
{
	int r = blockdev_read(dev, EROFS_SUPER_AT, ret, sizeof(*ret));

	if (r < 0)
		return r == -ERANGE ? -EINVAL : r;
	return le32_get(ret->magic) == MAGIC ? 0 : -EINVAL;
}

static int erofs_probe(const struct blockdev *dev)
{
	struct superblock super;
	int r = read_superblock(dev, &super);

	if (r < 0)
		return r == -EINVAL ? 0 : r;
	return 1;
}

static int check_features(const struct superblock *super, struct err *err)
{
	uint32_t unknown = le32_get(super->incompatible) & ~(uint32_t)KNOWN;

	if (unknown)
		return err_set(
			err, ENOTSUP, "EROFS uses unknown incompatible feature 0x%x", unknown);
	if (le16_get(super->extra_devices))
		return err_set(err, ENOTSUP, "EROFS that keeps its data on %u more devices",
			le16_get(super->extra_devices));
	if (super->block_bits < MIN_BLOCK_BITS || super->block_bits > MAX_BLOCK_BITS ||
		super->folder_block_bits)
		return err_set(err, EUCLEAN, "EROFS with blocks of 2^%u bytes", super->block_bits);
	return 0;
}

/* CRC-32C over the superblock's block, without a boot sector in front; its own field counts as 0. */
static int check_sum(const struct blockdev *dev, const struct superblock *super, struct err *err)
{
	size_t len = (size_t)1 << super->block_bits;
	_free_ unsigned char *bytes = NULL;
	int r;

	if (!(le32_get(super->compatible) & CHECKSUM))
		return 0;
	if (len > EROFS_SUPER_AT)
		len -= EROFS_SUPER_AT;
	if (len < sizeof(*super))
		return err_set(err, EUCLEAN, "EROFS with blocks of 2^%u bytes", super->block_bits);
	bytes = malloc(len);
	if (!bytes)
		return err_set(err, ENOMEM, "out of memory");
	r = blockdev_read(dev, EROFS_SUPER_AT, bytes, len);
	if (r < 0)
		return err_set(err, EIO, "cannot read the superblock");
	memset(bytes + offsetof(struct superblock, checksum), 0, sizeof(super->checksum));
	if (crc32c_add(CRC32C_START, bytes, len) != le32_get(super->checksum))
		return err_set(err, EUCLEAN, "the superblock of EROFS has a wrong checksum");
	return 0;
}

static int take_names(struct erofs *erofs, const struct superblock *super)
{
	const unsigned char *u = super->uuid;
	struct text label = {super->label, strnlen(super->label, sizeof(super->label))};
	int r = arena_text(erofs->arena, label, &erofs->fs.label);

	if (r < 0)
		return r;
	return arena_printf(erofs->arena, &erofs->fs.uuid,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
		u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
		u[15]);
}

/* All the rest of the superblock; -ENOMEM. */
static int take_superblock(struct erofs *erofs, const struct superblock *super)
{
	static const unsigned char none[16];
	int r;

	erofs->block_bits = super->block_bits;
	erofs->inodes = (uint64_t)le32_get(super->meta_block) << super->block_bits;
	erofs->root = le16_get(super->root);
	erofs->build_time_s = (int64_t)le64_get(super->build_time);
	if (le32_get(super->incompatible) & FRAGMENTS)
		erofs->packed_inode = le64_get(super->packed_inode);
	erofs->padded = le32_get(super->incompatible) & PADDED;
	r = readcache_init(&erofs->cache, &erofs->dev, erofs->arena, 4096);
	if (r < 0)
		return r;
	erofs->folder_block = arena_alloc(erofs->arena, (size_t)1 << erofs->block_bits);
	if (!erofs->folder_block)
		return -ENOMEM;
	r = take_names(erofs, super);
	if (memcmp(super->uuid, none, sizeof(none)) == 0)
		erofs->fs.uuid.len = 0;
	return r;
}

static int erofs_open(const struct fs_source *source, struct fs **ret, struct err *err)
{
	struct erofs *erofs = arena_new(source->arena, struct erofs);
	struct superblock super;
	struct node root;
	int r;

	if (!erofs)
		return err_set(err, ENOMEM, "out of memory");
	r = read_superblock(source->dev, &super);
	if (r < 0)
		return err_set(err, -r,
			r == -EIO ? "cannot read the superblock" : "not an EROFS file system");
	r = check_features(&super, err);
	if (r == 0)
		r = check_sum(source->dev, &super, err);
	if (r < 0)
		return r;
	erofs->dev = *source->dev;
	erofs->arena = source->arena;
	erofs->report = source->report;
	erofs->volume_name = source->name;
	if ((uint64_t)le32_get(super.blocks) << super.block_bits > source->dev->size)
		report_add(source->report, REPORT_WARNING,
			"%.*s EROFS: larger than its volume: the end of it cannot be read",
			TEXT_ARG(source->name));
	r = take_superblock(erofs, &super);
	if (r < 0)
		return err_set(err, -r, "out of memory");
	r = erofs_read_inode(erofs, erofs->root, &root);
	if (r < 0 || root.type != NODE_FOLDER)
		return err_set(err, r < 0 ? -r : EUCLEAN, "the root folder's inode is damaged");
	erofs->fs.ops = &erofs_ops;
	erofs->fs.name = erofs_ops.name;
	*ret = &erofs->fs;
	return 0;
}

static int erofs_root(struct fs *fs, struct node *ret)
{
	return erofs_read_inode(erofs_of(fs), erofs_of(fs)->root, ret);
}

static ssize_t erofs_readlink(struct fs *fs, const struct node *link, char *buf, size_t size)
{
	if (link->size > size)
		return -ENAMETOOLONG;
	return erofs_read(fs, link, 0, buf, (size_t)link->size);
}

static void erofs_close(struct fs *fs)
{
	(void)fs;
}

const struct fs_ops erofs_ops = {
	.name = "erofs",
	.probe = erofs_probe,
	.open = erofs_open,
	.root = erofs_root,
	.find = erofs_find,
	.list = erofs_list,
	.readlink = erofs_readlink,
	.read = erofs_read,
	.extents = erofs_extents,
	.close = erofs_close,
};
