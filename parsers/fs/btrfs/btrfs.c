/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/btrfs/btrfs.h"

#include <errno.h>
#include <inttypes.h>

static int btrfs_probe(const struct blockdev *dev)
{
	char magic[sizeof(((struct btrfs_disk_super *)0)->magic)];
	int r = blockdev_read(dev, BTRFS_SUPER_OFFSET + offsetof(struct btrfs_disk_super, magic),
		magic, sizeof(magic));

	if (r)
		return r == -ERANGE ? 0 : r;
	return memcmp(magic, BTRFS_MAGIC, sizeof(magic)) == 0;
}

/*
 * The root is the top, as GRUB sees it; names that the top does not have are those of the default
 * subvolume, as the kernel sees it and SUSE's GRUB does.
 */
static int btrfs_root(struct fs *fs, struct node *ret)
{
	int r = btrfs_inode_node((struct btrfs *)fs, BTRFS_TOP_TREE, BTRFS_FIRST_INO, ret);

	if (r)
		return r;
	return ret->type == NODE_FOLDER ? 0 : -EUCLEAN;
}

/* Everything dies with the arena. */
static void btrfs_close(struct fs *fs)
{
	(void)fs;
}

/* Each commit writes the superblock, and so does each fsync() between commits. */
static int btrfs_changed(struct fs *fs)
{
	return witness_changed(&((const struct btrfs *)(const void *)fs)->super);
}

static int btrfs_open(const struct fs_source *source, struct fs **ret, struct err *err);

const struct fs_ops btrfs_ops = {
	.name = "btrfs",
	.probe = btrfs_probe,
	.open = btrfs_open,
	.root = btrfs_root,
	.find = btrfs_dir_find,
	.list = btrfs_dir_list,
	.readlink = btrfs_link_read,
	.read = btrfs_file_read,
	.extents = btrfs_file_extents,
	.close = btrfs_close,
	.changed = btrfs_changed,
};

static int open_trees(struct btrfs *btrfs, struct err *err)
{
	struct node root;
	int r;

	r = btrfs_chunks_read(btrfs);
	if (r)
		return err_set(err, -r, "btrfs chunk tree cannot be read");
	r = btrfs_root(&btrfs->fs, &root);
	if (r)
		return err_set(err, -r, "btrfs root folder cannot be read");
	r = btrfs_tree_find(btrfs, BTRFS_CHECKSUM_TREE, &btrfs->checksum_tree);
	if (r && r != -ENOENT)
		return err_set(err, -r, "btrfs checksum tree cannot be read");
	if (btrfs_default_find(btrfs, &btrfs->default_tree))
		return err_set(err, EUCLEAN, "btrfs default subvolume cannot be found");
	if (btrfs->default_tree != BTRFS_TOP_TREE)
		report_add(btrfs->report, REPORT_NOTE,
			"%.*s btrfs: subvolume %" PRIu64
			" is the default: its files are found as well as the top's",
			TEXT_ARG(btrfs->volume), btrfs->default_tree);
	return 0;
}

static int btrfs_open(const struct fs_source *source, struct fs **ret, struct err *err)
{
	struct btrfs *btrfs = arena_new(source->arena, struct btrfs);
	struct btrfs_disk_super super;
	int r;

	if (!btrfs)
		return err_set(err, ENOMEM, "no memory for btrfs");
	btrfs->fs.ops = &btrfs_ops;
	btrfs->fs.name = btrfs_ops.name;
	btrfs->arena = source->arena;
	btrfs->report = source->report;
	btrfs->volume = source->name;
	r = witness_take(&btrfs->super, source->dev, BTRFS_SUPER_OFFSET, sizeof(super));
	if (r)
		return r == -ERANGE ? err_set(err, EINVAL, "too small for btrfs")
				    : err_set(err, EIO, "btrfs superblock cannot be read");
	r = btrfs_super_read(btrfs, source, &super, err);
	if (r)
		return r;
	r = btrfs_chunks_begin(btrfs, &super);
	if (r)
		return err_set(err, -r, "btrfs superblock is damaged: its chunks");
	r = open_trees(btrfs, err);
	if (r)
		return r;
	*ret = &btrfs->fs;
	return 0;
}
