/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/scan.h"

#include <errno.h>

/* A file of a guest that is a disk; what the blockdev over it reads. */
struct loop {
	struct fs *fs;
	struct node node;
	struct extents extents; /* empty: the file's system has no straight mapping */
};

static int loop_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	const struct loop *loop = dev->under;
	char *to = buf;

	offset += dev->start;
	while (len) {
		ssize_t got = loop->fs->ops->read(loop->fs, &loop->node, offset, to, len);

		if (got <= 0)
			return got ? (int)got : -EIO;
		to += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

static int loop_map(
	const struct blockdev *dev, uint64_t offset, uint64_t length, struct extents *ret)
{
	const struct loop *loop = dev->under;

	if (!loop->extents.count)
		return extents_add(ret, EXTENT_LATER, 0, 0, length);
	return extents_slice(&loop->extents, dev->start + offset, length, ret);
}

static struct blockdev loop_blockdev(const struct loop *loop)
{
	return (struct blockdev){
		.read = loop_read,
		.map = loop_map,
		.size = loop->node.size,
		.sector_size = 512,
		.fd = -1,
		.under = loop,
	};
}

static int loop_new(struct volumes *volumes, struct fs *fs, struct text path, struct loop **ret)
{
	struct loop *loop;
	struct node node;
	int err = fs_walk(fs, path, &node);

	if (err)
		return err;
	if (node.type != NODE_FILE)
		return node.type == NODE_FOLDER ? -EISDIR : -EINVAL;
	loop = arena_new(volumes->arena, struct loop);
	if (!loop)
		return -ENOMEM;
	loop->fs = fs;
	loop->node = node;
	err = fs->ops->extents ? fs->ops->extents(fs, &node, &loop->extents) : -ENOTSUP;
	if (err)
		extents_done(&loop->extents);
	*ret = loop;
	return err == -ENOTSUP ? 0 : err;
}

static struct volume *find_loop(const struct volumes *volumes, struct text name)
{
	for (uint32_t i = 0; i < volumes->count; i++) {
		if (volumes->at[i]->loop && text_equal(volumes->at[i]->name, name))
			return volumes->at[i];
	}
	return NULL;
}

/* Adds the volumes of a loopback file, or of an image in memory, and opens them. */
static int add_volumes(
	struct volumes *volumes, struct text name, struct blockdev dev, struct loop *loop)
{
	struct partition_table *table = arena_new(volumes->arena, struct partition_table);
	uint32_t first = volumes->count;
	int err;

	if (!table || arena_text(volumes->arena, name, &name))
		return -ENOMEM;
	err = partitions_read(&dev, table);
	if (err)
		return err;
	scan_report_table(volumes->report, name, table);
	err = scan_add_disk(volumes, name, &dev, table, loop);
	arena_release(volumes->arena, table);
	if (!err)
		err = scan_identify(volumes, first);
	for (uint32_t i = first; i < volumes->count && !err; i++)
		err = scan_open(volumes, volumes->at[i], NULL, 0);
	return err;
}

int volumes_loopback(struct volumes *volumes, struct text name, struct volume *on, struct text path,
	struct err *err)
{
	struct loop *loop;
	int ret;

	if (!on->fs)
		return err_set(err, ENODEV, "%.*s: no file system", TEXT_ARG(on->name));
	if (!find_loop(volumes, name) && volumes_find(volumes, name))
		return err_set(err, EEXIST, "%.*s is a disk", TEXT_ARG(name));
	if (volumes->count + volumes->n_removed >= MAX_VOLUMES)
		return err_set(err, ENOSPC, "more than %d volumes", MAX_VOLUMES);
	ret = loop_new(volumes, on->fs, path, &loop);
	if (ret)
		return err_set(err, -ret, "(%.*s)%.*s: cannot be used as a disk",
			TEXT_ARG(on->name), TEXT_ARG(path));
	if (find_loop(volumes, name))
		ret = volumes_loopback_remove(volumes, name);
	if (!ret)
		ret = add_volumes(volumes, name, loop_blockdev(loop), loop);
	if (ret && !find_loop(volumes, name))
		extents_done(&loop->extents);
	return ret ? err_set(err, -ret, "loopback %.*s failed", TEXT_ARG(name)) : 0;
}

int volumes_memdisk(struct volumes *volumes, struct text name, struct text image)
{
	struct loop *loop;

	if (find_loop(volumes, name) && volumes_loopback_remove(volumes, name))
		return -ENODEV;
	if (volumes->count + volumes->n_removed >= MAX_VOLUMES)
		return -ENOSPC;
	loop = arena_new(volumes->arena, struct loop);
	return loop ? add_volumes(volumes, name, blockdev_on_memory(image.at, image.len), loop)
		    : -ENOMEM;
}

int volumes_loopback_remove(struct volumes *volumes, struct text name)
{
	struct volume *loop = find_loop(volumes, name);
	uint32_t kept = 0;

	if (!loop)
		return -ENODEV;
	for (uint32_t i = 0; i < volumes->count; i++) {
		struct volume *volume = volumes->at[i];

		if (text_equal(volume->disk_name, loop->name))
			volumes->removed[volumes->n_removed++] = volume;
		else
			volumes->at[kept++] = volume;
	}
	volumes->count = kept;
	return 0;
}

static void close_volume(struct volume *volume)
{
	if (volume->fs)
		volume->fs->ops->close(volume->fs);
	if (volume->loop)
		extents_done(&volume->loop->extents);
	volume->fs = NULL;
}

void volumes_done(struct volumes *volumes)
{
	for (uint32_t i = 0; i < volumes->count; i++)
		close_volume(volumes->at[i]);
	for (uint32_t i = 0; i < volumes->n_removed; i++)
		close_volume(volumes->removed[i]);
	volumes->count = volumes->n_removed = 0;
}
