/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/memfiles_inside.h"

#include <stdlib.h>

/* Follows a path as a file system does. `hops` bounds the links. */
static int walk(struct memfiles_volume *volume, struct memnode *at, struct text path, int *hops,
	struct memnode **ret)
{
	struct text name;

	while (text_cut(&path, '/', &name)) {
		if (!name.len || text_is(name, "."))
			continue;
		if (at->stat.type != FILE_FOLDER)
			return -ENOTDIR;
		if (text_is(name, "..")) {
			at = at->parent ? at->parent : at;
			continue;
		}
		at = memfiles_child(volume, at, name);
		if (!at)
			return -ENOENT;
		if (at->target.len) {
			struct memnode *from = at->target.at[0] == '/' ? &volume->root : at->parent;
			int r = --*hops < 0 ? -ELOOP : walk(volume, from, at->target, hops, &at);

			if (r)
				return r;
		}
	}
	*ret = at;
	return 0;
}

static int find_node(
	struct files *files, const struct volume_info *info, struct text path, struct memnode **ret)
{
	struct memfiles *guest = files->context;
	int hops = MAX_LINK_HOPS;

	if (!info->readable)
		return -ENOTSUP;
	for (uint32_t i = 0; i < guest->count; i++) {
		if (&guest->volumes[i]->info == info)
			return walk(guest->volumes[i], &guest->volumes[i]->root, path, &hops, ret);
	}
	memfiles_must(false, "a volume that is none of ours");
	return -EINVAL;
}

/* ---- struct files_ops --------------------------------------------------------------------- */

static const struct volume_info *mem_volume(struct files *files, uint32_t index)
{
	struct memfiles *guest = files->context;

	for (uint32_t i = 0; i < guest->count; i++) {
		if (!guest->volumes[i]->hidden && index-- == 0)
			return &guest->volumes[i]->info;
	}
	return NULL;
}

/* "hd0,1" for "hd0,msdos1". */
static bool is_short_name(const struct volume_info *info, struct text name)
{
	struct text disk;
	uint64_t number;

	return info->number && text_cut(&name, ',', &disk) && text_equal(disk, info->disk_name) &&
	       text_number(name, &number) && number == info->number;
}

static const struct volume_info *mem_find(struct files *files, struct text name)
{
	struct memfiles *guest = files->context;

	for (uint32_t i = 0; i < guest->count; i++) {
		struct memfiles_volume *volume = guest->volumes[i];

		if (!volume->hidden &&
			(text_equal(volume->info.name, name) || is_short_name(&volume->info, name)))
			return &volume->info;
	}
	return NULL;
}

static int mem_stat(struct files *files, const struct volume_info *volume, struct text path,
	struct file_stat *ret)
{
	struct memfiles *guest = files->context;
	struct memnode *node;
	int r = find_node(files, volume, path, &node);

	guest->stats++;
	if (!r)
		*ret = node->stat;
	return r;
}

static int mem_read(struct files *files, const struct volume_info *volume, struct text path,
	uint64_t offset, uint64_t max, struct text *ret)
{
	struct memfiles *guest = files->context;
	struct memnode *node;
	int r = find_node(files, volume, path, &node);

	guest->reads++;
	if (r)
		return r;
	if (node->stat.type != FILE_REGULAR)
		return node->stat.type == FILE_FOLDER ? -EISDIR : -EINVAL;
	return arena_text(files->arena,
		text_first(text_skip(node->content, (size_t)offset), (size_t)max), ret);
}

static int mem_list(struct files *files, const struct volume_info *volume, struct text path,
	files_visit *visit, void *context)
{
	struct memnode *node;
	int r = find_node(files, volume, path, &node);

	if (r)
		return r;
	if (node->stat.type != FILE_FOLDER)
		return -ENOTDIR;
	for (node = node->first; node && !r; node = node->next)
		r = visit(context, node->name);
	return r;
}

static int mem_loopback(struct files *files, struct text name, const struct volume_info *on,
	struct text path, bool remove)
{
	struct memfiles *guest = files->context;
	struct memfiles_volume *volume = memfiles_volume_of(guest, name);
	struct text full;

	if (remove) {
		if (!volume || !volume->backing.len || volume->hidden)
			return -ENODEV;
		volume->hidden = true;
		return 0;
	}
	if (volume && !volume->hidden)
		return -EEXIST;
	if (!files_is_regular(files, on, path))
		return -ENOENT;
	full = files_full_name(files, on, path);
	for (uint32_t i = 0; i < guest->count; i++) {
		volume = guest->volumes[i];
		if (!volume->hidden || !text_equal(volume->backing, full))
			continue;
		memfiles_drop(volume->info.name);
		volume->info.name = memfiles_copy(name);
		volume->hidden = false;
		return 0;
	}
	/* A file with nothing in it that we know: a device without a file system. */
	memfiles_must(guest->count < ARRAY_SIZE(guest->volumes), "too many volumes");
	volume = calloc(1, sizeof(*volume));
	memfiles_must(volume, "out of memory");
	volume->info.name = memfiles_copy(name);
	volume->backing = memfiles_copy(full);
	guest->volumes[guest->count++] = volume;
	return 0;
}

const struct files_ops memfiles_ops = {
	.volume = mem_volume,
	.find = mem_find,
	.stat = mem_stat,
	.read = mem_read,
	.list = mem_list,
	.loopback = mem_loopback,
};
