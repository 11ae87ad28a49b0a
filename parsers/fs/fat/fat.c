/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/fat/fat.h"

#include "core/checked.h"
#include "parsers/fs/unicode.h"

#include <errno.h>
#include <string.h>

/* No directory entry lies in the first 32 bytes. */
enum { ROOT_INO = 1 };

struct label_search {
	struct arena *arena;
	struct text label;
};

static int visit_label(void *context, const struct fat_entry *entry)
{
	struct label_search *search = context;
	struct text label = entry->short_name;
	int r;

	if (!(entry->attributes & FAT_LABEL) || (entry->attributes & FAT_FOLDER) ||
		entry->first_cluster)
		return 0;
	while (label.len && (label.at[label.len - 1] == ' ' || !label.at[label.len - 1]))
		label.len--;
	r = arena_text(search->arena, label, &search->label);
	return r < 0 ? r : 1;
}

/* The label that counts is the root folder's entry; the boot sector's copy is often stale. */
static int take_names(struct fat *fat, struct arena *arena)
{
	const unsigned char *serial = fat->serial;
	struct label_search search = {.arena = arena};
	int r = fat_each(fat, fat->root_cluster, visit_label, &search);

	if (r == -ENOMEM)
		return r;
	fat->fs.label = search.label;
	return arena_printf(arena, &fat->fs.uuid, "%02X%02X-%02X%02X", serial[3], serial[2],
		serial[1], serial[0]);
}

static int fat_open(const struct fs_source *source, struct fs **ret, struct err *err)
{
	struct fat *fat = arena_new(source->arena, struct fat);
	int r;

	if (!fat)
		return err_set(err, ENOMEM, "out of memory");
	r = fat_take_layout(fat, source, err);
	if (r < 0)
		return r;
	r = readcache_init(&fat->table_cache, &fat->dev, source->arena, 16384);
	if (r == 0)
		r = readcache_init(&fat->folder_cache, &fat->dev, source->arena, 4096);
	if (r == 0)
		r = take_names(fat, source->arena);
	if (r < 0)
		return err_set(err, -r, "out of memory");
	fat->fs.ops = &fat_ops;
	fat->fs.name = "vfat";
	*ret = &fat->fs;
	return 0;
}

static struct fat *fat_of(struct fs *fs)
{
	return (struct fat *)fs;
}

static int fat_root(struct fs *fs, struct node *ret)
{
	*ret = (struct node){
		.type = NODE_FOLDER,
		.ino = ROOT_INO,
		.mode = 0755,
		.aux = {fat_of(fs)->root_cluster},
	};
	return 0;
}

static void fill_node(const struct fat *fat, const struct fat_entry *entry, struct node *ret)
{
	bool folder = entry->attributes & FAT_FOLDER;

	*ret = (struct node){
		.type = folder ? NODE_FOLDER : NODE_FILE,
		.ino = entry->at / FAT_ENTRY_BYTES,
		.aux = {entry->first_cluster},
		.size = folder ? 0 : entry->size,
		.mtime_s = fat_entry_time(entry),
		.mode = entry->attributes & FAT_READ_ONLY ? 0555 : 0755,
		.generation = entry->first_cluster,
	};
	ret->ctime_s = ret->mtime_s;
	/* Only ".." may say 0 for the root; a folder without clusters is damaged. */
	if (folder && !fat_is_cluster(fat, entry->first_cluster))
		ret->aux[0] = UINT32_MAX;
}

struct name_search {
	const struct fat *fat;
	struct text name;
	struct node *ret;
};

static int visit_name(void *context, const struct fat_entry *entry)
{
	struct name_search *search = context;

	if ((entry->attributes & FAT_LABEL) ||
		(!unicode_equal_nocase(entry->name, search->name) &&
			!unicode_equal_nocase(entry->short_name, search->name)))
		return 0;
	fill_node(search->fat, entry, search->ret);
	return 1;
}

static int fat_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret)
{
	struct name_search search = {fat_of(fs), name, ret};
	int r = fat_each(fat_of(fs), (uint32_t)folder->aux[0], visit_name, &search);

	if (r < 0)
		return r;
	return r ? 0 : -ENOENT;
}

struct listing {
	fs_visit *visit;
	void *context;
};

static int visit_listed(void *context, const struct fat_entry *entry)
{
	struct listing *listing = context;

	if (entry->attributes & FAT_LABEL)
		return 0;
	return listing->visit(listing->context, entry->name);
}

static int fat_list(struct fs *fs, const struct node *folder, fs_visit *visit, void *context)
{
	struct listing listing = {visit, context};

	return fat_each(fat_of(fs), (uint32_t)folder->aux[0], visit_listed, &listing);
}

static ssize_t fat_readlink(struct fs *fs, const struct node *link, char *buf, size_t size)
{
	(void)fs, (void)link, (void)buf, (void)size;
	return -EINVAL; /* FAT has no links */
}

/* The run at `offset` of the file, cut to `max` bytes. */
static int run_at_offset(struct fat *fat, const struct node *file, uint64_t offset, uint64_t max,
	struct fat_run *ret)
{
	uint64_t into = offset % fat->cluster_size;
	int r;

	r = fat_run_at(fat, (uint32_t)file->aux[0], (uint32_t)(offset / fat->cluster_size),
		into + max, ret);
	if (r < 0)
		return r;
	ret->at += into;
	ret->length = min_u64(ret->length - into, max);
	return 0;
}

static ssize_t fat_read(
	struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len)
{
	struct fat *fat = fat_of(fs);
	size_t done = 0;

	if (offset >= file->size)
		return 0;
	len = (size_t)min_u64(len, file->size - offset);
	while (done < len) {
		struct fat_run run;
		int r = run_at_offset(fat, file, offset + done, len - done, &run);

		if (r == 0)
			r = blockdev_read(&fat->dev, run.at, (char *)buf + done, run.length);
		if (r < 0)
			return r;
		done += run.length;
	}
	return (ssize_t)done;
}

static int fat_extents(struct fs *fs, const struct node *file, struct extents *ret)
{
	struct fat *fat = fat_of(fs);
	struct fat_run run;

	for (uint64_t at = 0; at < file->size; at += run.length) {
		int r = run_at_offset(fat, file, at, file->size - at, &run);

		if (r == 0)
			r = blockdev_map(&fat->dev, run.at, run.length, ret);
		if (r < 0)
			return r;
	}
	return 0;
}

static void fat_close(struct fs *fs)
{
	(void)fs;
}

const struct fs_ops fat_ops = {
	.name = "vfat",
	.probe = fat_probe,
	.open = fat_open,
	.root = fat_root,
	.find = fat_find,
	.list = fat_list,
	.readlink = fat_readlink,
	.read = fat_read,
	.extents = fat_extents,
	.close = fat_close,
};
