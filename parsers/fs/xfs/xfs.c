/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/xfs.h"

#include "core/checked.h"

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

/* ---- the log --------------------------------------------------------------------------------- */

/* Looks for the log of this file system among the domain's other volumes. */
static int find_external_log(struct xfs *xfs, const struct fs_source *source, uint64_t size)
{
	struct xfs_log *log = &xfs->log;
	struct err ignored;
	int r;

	for (size_t i = 0; i < source->n_others; i++) {
		if (source->others[i].size < size)
			continue;
		ignored = (struct err){0};
		log->dev = blockdev_window(&source->others[i], 0, size);
		log->ours = false;
		r = xfs_log_find_ends(log, &ignored);
		if (r == -ENOMEM || log->ours)
			return r;
	}
	log->at_head = (struct witness){0};
	report_add(xfs->report, REPORT_WARNING,
		"%.*s XFS: its log is on another device, which is none of the domain's disks; "
		"recent changes may be missing",
		TEXT_ARG(xfs->volume));
	return 0;
}

/* Finds the log and its ends: 1 where it must be replayed, 0, -errno. */
static int find_log(struct xfs *xfs, const struct fs_source *source, struct err *err)
{
	uint64_t size = (uint64_t)xfs->log_blocks << xfs->block_log, start;
	struct xfs_log *log = &xfs->log;

	log->v5 = xfs->v5;
	log->blocks = (uint32_t)min_u64(size / XFS_LOG_BLOCK, UINT32_MAX);
	memcpy(log->uuid, xfs->uuid, sizeof(log->uuid));
	if (!xfs->log_start)
		return find_external_log(xfs, source, size);
	if (xfs_blocks_place(xfs, xfs->log_start, xfs->log_blocks, &start))
		return err_set(err, EUCLEAN, "it lies outside the volume");
	log->dev = blockdev_window(source->dev, start, size);
	return xfs_log_find_ends(log, err);
}

static int recover(struct xfs *xfs, const struct fs_source *source, struct err *err)
{
	struct xfs_recovery_source from = {
		.dev = source->dev,
		.block_size = xfs->block_size,
		.inode_size = xfs->inode_size,
		.ag_blocks = xfs->ag_blocks,
		.ag_count = xfs->ag_count,
		.v5 = xfs->v5,
		.arena = source->arena,
	};
	int r = find_log(xfs, source, err);

	memcpy(from.uuid, xfs->meta_uuid, sizeof(from.uuid));
	return r == 1 ? xfs_recover(&xfs->log, &from, &xfs->recovered, err) : r;
}

/* Lays what the log has over xfs->dev; a superblock in it counts. The errors of open(). */
static int replay(struct xfs *xfs, const struct fs_source *source, struct err *err)
{
	struct err why = {0};
	int r = recover(xfs, source, &why);

	/* A running guest may have written over the tail meanwhile: then it is elsewhere now. */
	if (r == -EUCLEAN) {
		why = (struct err){0};
		r = recover(xfs, source, &why);
	}
	xfs_log_done(&xfs->log);
	if (r == -ENOMEM)
		return err_set(err, EFBIG, "XFS log cannot be replayed: %s", why.text);
	if (r)
		return err_set(
			err, -r, "XFS log cannot be replayed: %s; see xfs_repair(8)", why.text);
	if (!xfs->recovered.overlay.count)
		return 0;
	report_add(xfs->report, REPORT_NOTE,
		"%.*s XFS: read as its log says; blocks not in the file system yet: %u",
		TEXT_ARG(xfs->volume), xfs->recovered.overlay.count);
	xfs->dev = overlay_blockdev(&xfs->recovered.overlay);
	return xfs_replayed(xfs, 0, xfs->sector_size) ? xfs_super_read(xfs, source->arena, err) : 0;
}

static int xfs_changed(struct fs *fs)
{
	return witness_changed(&((const struct xfs *)fs)->log.at_head);
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
	.changed = xfs_changed,
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
	if (!r)
		r = replay(xfs, source, err);
	if (r)
		return r;
	r = xfs_root(&xfs->fs, &root);
	if (r)
		return err_set(err, -r, "XFS root folder cannot be read (inode %llu)",
			(unsigned long long)xfs->root_ino);
	*ret = &xfs->fs;
	return 0;
}
