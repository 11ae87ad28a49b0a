/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/squashfs/squashfs.h"

#include "core/checked.h"

#include <errno.h>
#include <string.h>

extern const struct fs_ops squash_ops;

enum { MIN_BLOCK_LOG = 12, MAX_BLOCK_LOG = 20 };

struct superblock {
	char magic[4];
	struct le32 inodes, mtime, block_size, n_fragments;
	struct le16 compression, block_log, flags, ids, major, minor;
	struct le64 root, bytes_used, id_table, attribute_table, inode_table, folder_table;
	struct le64 fragment_table, export_table;
};
_Static_assert(sizeof(struct superblock) == 96, "the superblock");

/* Compressions by their number on the disk, from 1. */
static const enum packing packings[] = {
	PACKED_ZLIB, PACKED_LZMA, PACKED_LZO, PACKED_XZ, PACKED_LZ4, PACKED_ZSTD};

static int squash_probe(const struct blockdev *dev)
{
	char magic[4];
	int r = blockdev_read(dev, 0, magic, sizeof(magic));

	if (r < 0)
		return r == -ERANGE ? 0 : r;
	return memcmp(magic, "hsqs", 4) == 0;
}

static int check_superblock(
	const struct superblock *super, const struct blockdev *dev, struct err *err)
{
	uint32_t log = le16_get(super->block_log);
	uint64_t used = le64_get(super->bytes_used);

	if (memcmp(super->magic, "hsqs", 4) != 0)
		return err_set(err, EINVAL, "not a SquashFS file system");
	if (le16_get(super->major) != 4 || le16_get(super->minor) != 0)
		return err_set(err, ENOTSUP, "SquashFS version %u.%u; bootfs reads version 4.0",
			le16_get(super->major), le16_get(super->minor));
	if (le16_get(super->compression) - 1u >= ARRAY_SIZE(packings))
		return err_set(err, ENOTSUP, "SquashFS with unknown compression %u",
			le16_get(super->compression));
	if (log < MIN_BLOCK_LOG || log > MAX_BLOCK_LOG || le32_get(super->block_size) != 1u << log)
		return err_set(err, EUCLEAN, "SquashFS with blocks of %u bytes",
			le32_get(super->block_size));
	if (used > dev->size)
		return err_set(err, EUCLEAN, "SquashFS was cut off: %llu of %llu bytes are there",
			(unsigned long long)dev->size, (unsigned long long)used);
	return 0;
}

/* Every table begins behind the superblock and inside what is used. */
static int take_tables(struct squash *squash, const struct superblock *super, struct err *err)
{
	squash->inodes = le64_get(super->inode_table);
	squash->folders = le64_get(super->folder_table);
	squash->fragments = le64_get(super->fragment_table);
	squash->n_fragments = le32_get(super->n_fragments);
	if (!squash->n_fragments)
		squash->fragments = squash->folders;
	if (squash->inodes < sizeof(*super) || squash->inodes >= squash->dev.size ||
		squash->folders < sizeof(*super) || squash->folders >= squash->dev.size ||
		squash->fragments < sizeof(*super) || squash->fragments >= squash->dev.size)
		return err_set(err, EUCLEAN, "a table of SquashFS lies outside the volume");
	return 0;
}

static int take_superblock(struct squash *squash, const struct fs_source *source, struct err *err)
{
	struct superblock super;
	int r = blockdev_read(source->dev, 0, &super, sizeof(super));

	if (r == -ERANGE)
		return err_set(err, EINVAL, "not a SquashFS file system");
	if (r < 0)
		return err_set(err, EIO, "cannot read the superblock");
	r = check_superblock(&super, source->dev, err);
	if (r < 0)
		return r;
	squash->dev = blockdev_window(source->dev, 0, le64_get(super.bytes_used));
	squash->packing = packings[le16_get(super.compression) - 1];
	squash->block_size = le32_get(super.block_size);
	squash->root = le64_get(super.root);
	return take_tables(squash, &super, err);
}

static int squash_open(const struct fs_source *source, struct fs **ret, struct err *err)
{
	struct squash *squash = arena_new(source->arena, struct squash);
	struct node root;
	int r;

	if (!squash)
		return err_set(err, ENOMEM, "out of memory");
	squash->arena = source->arena;
	squash->cursor.ino = UINT64_MAX; /* no inode's number; 0 is the first one's */
	r = take_superblock(squash, source, err);
	if (r < 0)
		return r;
	squash->metas = arena_array(source->arena, SQUASH_CACHES, sizeof(*squash->metas));
	if (!squash->metas)
		return err_set(err, ENOMEM, "out of memory");
	r = squash_read_inode(squash, squash->root, &root);
	if (r < 0 || root.type != NODE_FOLDER)
		return err_set(err, r < 0 ? -r : EUCLEAN, "the root folder's inode is damaged");
	squash->fs.ops = &squash_ops;
	squash->fs.name = squash_ops.name;
	*ret = &squash->fs;
	return 0;
}

static int squash_root(struct fs *fs, struct node *ret)
{
	return squash_read_inode(squash_of(fs), squash_of(fs)->root, ret);
}

static ssize_t squash_readlink(struct fs *fs, const struct node *link, char *buf, size_t size)
{
	struct squash_place place = squash_place_unpack(link->aux[SQUASH_AUX_MORE]);
	int r;

	if (link->size > size)
		return -ENAMETOOLONG;
	r = squash_read_meta(squash_of(fs), &place, buf, (size_t)link->size);
	return r < 0 ? r : (ssize_t)link->size;
}

static void squash_close(struct fs *fs)
{
	(void)fs;
}

const struct fs_ops squash_ops = {
	.name = "squashfs",
	.probe = squash_probe,
	.open = squash_open,
	.root = squash_root,
	.find = squash_find,
	.list = squash_list,
	.readlink = squash_readlink,
	.read = squash_read,
	.extents = squash_extents,
	.close = squash_close,
};
