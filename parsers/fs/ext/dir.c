/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/ext/ext.h"

#include <errno.h>

enum {
	CHUNK = 65536,        /* bytes of a folder read at once; the largest block */
	ENTRY_HEAD = 8,       /* bytes of an entry in front of its name */
	INLINE_PARENT = 4,    /* bytes: an inline folder begins with its parent's number */
	MAX_FOLDER = 1 << 30, /* bytes of one folder: some ten million names */
};

/* Who is told of a folder's entries. */
struct listing {
	struct ext *ext;
	ext_visit *visit;
	void *context;
};

static int visit_entry(
	const struct listing *listing, const struct ext2_dir_entry *entry, size_t length)
{
	struct text name = {entry->name, (size_t)(entry->name_len & 0xff)};

	if (!entry->inode || !name.len || name.len + ENTRY_HEAD > length)
		return 0;
	if (text_is(name, ".") || text_is(name, ".."))
		return 0;
	return listing->visit(listing->context, name, entry->inode);
}

static int visit_block(const struct listing *listing, char *block, size_t size)
{
	size_t at = 0;
	int ret = 0;

	while (!ret && size - at >= ENTRY_HEAD) {
		struct ext2_dir_entry *entry = (void *)(block + at);
		unsigned length;

		if (ext2fs_get_rec_len(listing->ext->lib, entry, &length))
			break;
		if (length < ENTRY_HEAD || length > size - at || length % 4)
			break;
		ret = visit_entry(listing, entry, length);
		at += length;
	}
	return ret;
}

int ext_visit_block(struct ext *ext, char *block, size_t size, ext_visit *visit, void *context)
{
	const struct listing listing = {ext, visit, context};

	return visit_block(&listing, block, size);
}

/* Wrong checksums are told once and otherwise no obstacle. */
static void check_block(struct ext *ext, const struct node *folder, char *block)
{
	if (ext->lib->flags & EXT2_FLAG_IGNORE_CSUM_ERRORS)
		return;
	if (!ext2fs_dir_block_csum_verify(ext->lib, (ext2_ino_t)folder->ino, (void *)block))
		ext_forgive(ext, EXT2_ET_DIR_CSUM_INVALID);
}

static int visit_chunk(
	const struct listing *listing, const struct node *folder, char *chunk, size_t size)
{
	struct ext *ext = listing->ext;
	int ret = 0;

	for (size_t at = 0; !ret && at < size; at += ext->lib->blocksize) {
		check_block(ext, folder, chunk + at);
		ret = visit_block(listing, chunk + at, ext->lib->blocksize);
	}
	return ret;
}

/* The map is copied: `visit` may make another file's map in between. */
static int copy_runs(const struct extents *map, struct extents *ret)
{
	int err = 0;

	for (uint32_t i = 0; i < map->count && !err; i++)
		err = extents_add(ret, map->at[i].kind, 0, map->at[i].at, map->at[i].length);
	return err;
}

/* Reads the runs through `chunk`, which is `room` bytes long. */
static int visit_runs(const struct listing *listing, const struct node *folder,
	const struct extents *runs, char *chunk, size_t room)
{
	int ret = 0;

	for (uint32_t i = 0; i < runs->count && !ret; i++) {
		const struct extent *run = &runs->at[i];

		if (run->kind == EXTENT_ZERO)
			continue;
		for (uint64_t at = 0, part; !ret && at < run->length; at += part) {
			part = min_u64(room, run->length - at);
			ret = blockdev_read(&listing->ext->dev, run->at + at, chunk, part);
			if (!ret)
				ret = visit_chunk(listing, folder, chunk, part);
		}
	}
	return ret;
}

/* The buffer is of this listing alone: `visit` may list another folder in between. */
static int visit_mapped(
	const struct listing *listing, const struct node *folder, const struct extents *runs)
{
	size_t room = (size_t)min_u64(CHUNK, folder->size);
	char *chunk = arena_alloc(listing->ext->arena, room);
	int ret;

	if (!chunk)
		return -ENOMEM;
	ret = visit_runs(listing, folder, runs, chunk, room);
	arena_release(listing->ext->arena, chunk);
	return ret;
}

static int visit_inline(const struct listing *listing, const struct node *folder)
{
	struct text start, rest;
	int ret = ext_inline(listing->ext, folder->size, &start, &rest);
	char *copy;

	if (ret)
		return ret;
	/* A copy: `visit` may read another inode in between. */
	copy = arena_alloc(listing->ext->arena, start.len + rest.len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, start.at, start.len);
	if (rest.len)
		memcpy(copy + start.len, rest.at, rest.len);
	ret = visit_block(listing, copy + INLINE_PARENT, start.len - INLINE_PARENT);
	if (!ret)
		ret = visit_block(listing, copy + start.len, rest.len);
	arena_release(listing->ext->arena, copy);
	return ret;
}

int ext_each_entry(struct ext *ext, const struct node *folder, ext_visit *visit, void *context)
{
	const struct listing listing = {ext, visit, context};
	struct node whole = *folder;
	_extents_ struct extents runs = {0};
	int ret;

	ret = ext_read_inode(ext, folder->ino);
	if (ret)
		return ret;
	if (ext_is_inline(ext))
		return visit_inline(&listing, folder);
	if (folder->size > MAX_FOLDER)
		return -EUCLEAN;
	whole.size -= whole.size % ext->lib->blocksize;
	ret = ext_map(ext, &whole);
	if (!ret)
		ret = copy_runs(&ext->map, &runs);
	if (!ret)
		ret = visit_mapped(&listing, &whole, &runs);
	return ret;
}
