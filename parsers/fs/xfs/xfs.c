/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/xfs.h"

#include <errno.h>
#include <sys/stat.h>

static int xfs_probe(const struct blockdev *dev)
{
	struct be32 magic;
	int r = blockdev_read(dev, 0, &magic, sizeof(magic));

	if (r)
		return r == -ERANGE ? 0 : r;
	return be32_get(magic) == XFS_MAGIC;
}

static int xfs_root(struct fs *fs, struct node *ret)
{
	struct xfs *xfs = (struct xfs *)fs;
	struct xfs_inode inode;
	int r;

	r = xfs_inode_read(xfs, xfs->root_ino, &inode);
	if (r)
		return r;
	*ret = xfs_inode_node(&inode);
	return ret->type == NODE_FOLDER ? 0 : -EUCLEAN;
}

/* Everything dies with the arena. */
static void xfs_close(struct fs *fs)
{
	(void)fs;
}

static int xfs_open(const struct fs_source *source, struct fs **ret, struct err *err);

const struct fs_ops xfs_ops = {
	.name = "xfs",
	.probe = xfs_probe,
	.open = xfs_open,
	.root = xfs_root,
	.find = xfs_dir_find,
	.list = xfs_dir_list,
	.readlink = xfs_link_read,
	.read = xfs_file_read,
	.extents = xfs_file_extents,
	.close = xfs_close,
};

static int xfs_open(const struct fs_source *source, struct fs **ret, struct err *err)
{
	struct xfs *xfs = arena_new(source->arena, struct xfs);
	struct node root;
	int r;

	if (!xfs)
		return err_set(err, ENOMEM, "no memory for XFS");
	xfs->fs.ops = &xfs_ops;
	xfs->fs.name = xfs_ops.name;
	xfs->dev = *source->dev;
	xfs->report = source->report;
	xfs->volume = source->name;
	r = xfs_super_read(xfs, source->arena, err);
	if (r)
		return r;
	r = xfs_root(&xfs->fs, &root);
	if (r)
		return err_set(err, -r, "XFS root folder cannot be read (inode %llu)",
			(unsigned long long)xfs->root_ino);
	xfs_log_check(xfs);
	*ret = &xfs->fs;
	return 0;
}
