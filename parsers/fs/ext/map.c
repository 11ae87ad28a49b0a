/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bytes.h"
#include "core/checked.h"
#include "model/limits.h"
#include "parsers/fs/ext/ext.h"

#include <errno.h>

enum {
	EXTENT_DEPTH = 5,       /* ext4 writes no deeper tree of extents */
	MAX_INDIRECT = 1 << 16, /* blocks of block numbers of one file: 256 GiB with 4k blocks */
	MAX_STEPS = 4 * MAX_EXTENTS, /* entries looked at in one tree of extents */
};

/* A map in the making. */
struct mapping {
	struct ext *ext;
	struct extents *to;
	uint64_t size; /* bytes to be mapped */
	uint64_t end;  /* bytes mapped so far */
	uint32_t indirect;
	int error;
};

/* Adds `count` blocks; physical 0 means zeros. Logical blocks come in ascending order. */
static int mapping_add(struct mapping *mapping, uint64_t logical, uint64_t physical, uint64_t count)
{
	uint32_t size = mapping->ext->lib->blocksize;
	uint64_t offset = logical * size, length = count * size, at = physical * size;
	int ret;

	/* Block numbers have at most 48 bits and counts 16: no product overflows. */
	if (offset >= mapping->size)
		return 0;
	if (offset < mapping->end)
		return -EUCLEAN;
	length = min_u64(length, mapping->size - offset);
	ret = extents_add(mapping->to, EXTENT_ZERO, 0, 0, offset - mapping->end);
	if (ret)
		return ret;
	mapping->end = offset + length;
	if (!physical)
		return extents_add(mapping->to, EXTENT_ZERO, 0, 0, length);
	if (!range_inside(at, length, mapping->ext->dev.size))
		return -EUCLEAN;
	return extents_add(mapping->to, EXTENT_DISK, 0, at, length);
}

/* Is there anything to add of where the handle stands? Interior entries are seen twice. */
static bool is_extent(ext2_extent_handle_t handle, const struct ext2fs_extent *extent)
{
	struct ext2_extent_info info;

	if (!(extent->e_flags & EXT2_EXTENT_FLAGS_LEAF))
		return false;
	/* The library hands out the first entry of an empty node, too. */
	return !ext2fs_extent_get_info(handle, &info) && info.num_entries > 0;
}

static errcode_t walk_extents(struct mapping *mapping, ext2_extent_handle_t handle)
{
	struct ext2fs_extent extent;
	errcode_t error = ext2fs_extent_get(handle, EXT2_EXTENT_ROOT, &extent);
	uint64_t physical;

	for (uint32_t step = 0; !error; step++) {
		if (step >= MAX_STEPS)
			return EUCLEAN;
		physical = extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT ? 0 : extent.e_pblk;
		if (is_extent(handle, &extent))
			error = -mapping_add(mapping, extent.e_lblk, physical, extent.e_len);
		if (error || mapping->end >= mapping->size)
			return error;
		error = ext2fs_extent_get(handle, EXT2_EXTENT_NEXT, &extent);
	}
	return error == EXT2_ET_EXTENT_NO_NEXT ? 0 : error;
}

static errcode_t map_extents(struct mapping *mapping, ext2_ino_t ino)
{
	struct ext *ext = mapping->ext;
	struct ext2_extent_info info;
	ext2_extent_handle_t handle;
	errcode_t error;

	error = ext2fs_extent_open2(ext->lib, ino, EXT2_INODE(ext->inode), &handle);
	if (error)
		return error;
	error = ext2fs_extent_get_info(handle, &info);
	if (!error && info.max_depth > EXTENT_DEPTH)
		error = EUCLEAN;
	if (!error)
		error = walk_extents(mapping, handle);
	ext2fs_extent_free(handle);
	return error == EXT2_ET_EXTENT_NO_NEXT ? 0 : error;
}

static int add_block(ext2_filsys lib __attribute__((unused)), blk64_t *physical,
	e2_blkcnt_t logical, blk64_t ref_block __attribute__((unused)),
	int ref_offset __attribute__((unused)), void *context)
{
	struct mapping *mapping = context;

	if (logical < 0) {
		mapping->error = ++mapping->indirect > MAX_INDIRECT ? -EUCLEAN : 0;
		return mapping->error ? BLOCK_ABORT : 0;
	}
	mapping->error = mapping_add(mapping, (uint64_t)logical, *physical, 1);
	return mapping->error || mapping->end >= mapping->size ? BLOCK_ABORT : 0;
}

static errcode_t map_blocks(struct mapping *mapping, ext2_ino_t ino)
{
	errcode_t error;

	if (!mapping->size)
		return 0;
	error = ext2fs_block_iterate3(
		mapping->ext->lib, ino, BLOCK_FLAG_READ_ONLY, NULL, add_block, mapping);
	return mapping->error ? -mapping->error : error;
}

static errcode_t map_once(struct mapping *mapping, const struct node *node)
{
	struct ext *ext = mapping->ext;
	errcode_t error;

	error = -ext_read_inode(ext, node->ino);
	if (error)
		return error;
	if (ext->inode->i_flags & EXT4_EXTENTS_FL)
		error = map_extents(mapping, (ext2_ino_t)node->ino);
	else
		error = map_blocks(mapping, (ext2_ino_t)node->ino);
	if (!error)
		error = -extents_add(mapping->to, EXTENT_ZERO, 0, 0, mapping->size - mapping->end);
	if (error || !ext->fast.n_ranges)
		return error;
	return -ext_fast_map(
		&ext->fast, (uint32_t)node->ino, ext->lib->blocksize, ext->dev.size, mapping->to);
}

static bool is_mapped(const struct ext *ext, const struct node *node)
{
	return ext->mapped.ino == node->ino && ext->mapped.size == node->size &&
	       ext->mapped.ctime_s == node->ctime_s && ext->mapped.mtime_s == node->mtime_s;
}

int ext_map(struct ext *ext, const struct node *node)
{
	struct mapping mapping;
	errcode_t error;

	if (is_mapped(ext, node))
		return 0;
	do {
		extents_done(&ext->map);
		ext->mapped = (struct node){0};
		mapping = (struct mapping){.ext = ext, .to = &ext->map, .size = node->size};
		error = map_once(&mapping, node);
	} while (error && ext_forgive(ext, error));
	if (error)
		return ext_errno(error);
	ext->mapped = *node;
	return 0;
}

int ext_map_read(struct ext *ext, uint64_t offset, void *buf, size_t len)
{
	const struct extent *run;
	char *to = buf;
	size_t part;
	int ret = 0;

	for (; len && !ret; len -= part, to += part, offset += part) {
		run = extents_find(&ext->map, offset);
		if (!run)
			return -EUCLEAN;
		part = (size_t)min_u64(len, run->offset + run->length - offset);
		if (run->kind == EXTENT_ZERO)
			memset(to, 0, part);
		else
			ret = blockdev_read(&ext->dev, run->at + (offset - run->offset), to, part);
	}
	return ret;
}

bool ext_is_inline(const struct ext *ext)
{
	return ext->inode->i_flags & EXT4_INLINE_DATA_FL;
}

/* An attribute inside an inode, behind the fields (fs/ext4/xattr.h). */
struct ext_attr {
	uint8_t name_len, name_index;
	struct le16 value_at; /* from the first entry */
	struct le32 value_ino, value_size, hash;
	char name[];
};
enum { ATTR_MAGIC = 0xEA020000, ATTR_SYSTEM = 7, ATTR_HEADER = 4 };

/* The value of "system.data" among the entries in `area`; empty where there is none. */
static struct text find_inline_attr(struct text area)
{
	struct text at = area;

	while (at.len >= sizeof(struct ext_attr) + 4) {
		const struct ext_attr *attr = (const void *)at.at;
		size_t len = (sizeof(*attr) + attr->name_len + 3u) & ~3u;
		struct text name = {attr->name, attr->name_len};

		if (!attr->name_len || len > at.len)
			break;
		if (attr->name_index == ATTR_SYSTEM && text_is(name, "data") &&
			!le32_get(attr->value_ino))
			return text_first(text_skip(area, le16_get(attr->value_at)),
				le32_get(attr->value_size));
		at = text_skip(at, len);
	}
	return (struct text){0};
}

int ext_inline(struct ext *ext, uint64_t size, struct text *start, struct text *rest)
{
	struct text raw = {(const char *)ext->inode, ext->inode_size}, area;
	struct le32 magic;

	*start = (struct text){(const char *)ext->inode->i_block, sizeof(ext->inode->i_block)};
	*rest = (struct text){0};
	if (raw.len > EXT2_GOOD_OLD_INODE_SIZE + 4) {
		area = text_skip(raw, EXT2_GOOD_OLD_INODE_SIZE + ext->inode->i_extra_isize);
		if (area.len > ATTR_HEADER) {
			memcpy(&magic, area.at, sizeof(magic));
			if (le32_get(magic) == ATTR_MAGIC)
				*rest = find_inline_attr(text_skip(area, ATTR_HEADER));
		}
	}
	return size <= start->len + rest->len ? 0 : -EUCLEAN;
}
