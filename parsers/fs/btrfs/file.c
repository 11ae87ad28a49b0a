/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/btrfs/btrfs.h"

#include "core/checked.h"

#include <errno.h>

/* A file at work. */
struct file {
	struct btrfs *btrfs;
	uint64_t ino, size;
	struct btrfs_cursor cursor;
};

/* A run of a file's bytes as one item, or the lack of one, describes it. */
struct run {
	enum { RUN_ZERO, RUN_INLINE, RUN_DISK } kind;
	uint64_t start, length; /* in the file, bytes */
	uint8_t packing;
	uint64_t block, packed_size; /* RUN_DISK: the extent, logical address and bytes */
	uint64_t unpacked_size;      /* of the extent */
	uint64_t offset;             /* into the unpacked extent */
	const uint8_t *bytes;        /* RUN_INLINE: until the cursor moves */
};

static int file_begin(struct file *file, struct fs *fs, const struct node *node)
{
	struct btrfs_tree tree;
	int r;

	file->btrfs = (struct btrfs *)fs;
	file->ino = BTRFS_NODE_INO(node);
	file->size = node->size;
	file->cursor = (struct btrfs_cursor){0};
	r = btrfs_tree_find(file->btrfs, BTRFS_NODE_TREE(node), &tree);
	if (r == 0)
		btrfs_cursor_init(&file->cursor, file->btrfs, &tree);
	return r;
}

static void file_done(struct file *file)
{
	btrfs_cursor_done(&file->cursor);
}
#define _file_ CLEANUP(file_done)

static int decode_inline(const struct btrfs_item *item, struct run *ret)
{
	ret->kind = RUN_INLINE;
	ret->bytes = item->data + sizeof(struct btrfs_disk_extent);
	ret->packed_size = item->size - sizeof(struct btrfs_disk_extent);
	ret->length = ret->packing ? ret->unpacked_size : ret->packed_size;
	return ret->length && ret->length <= BTRFS_MAX_PACKED ? 0 : -EUCLEAN;
}

static int decode_place(const struct btrfs_item *item, bool written, struct run *ret)
{
	struct btrfs_disk_place place;
	uint64_t size, end;

	if (item->size < sizeof(struct btrfs_disk_extent) + sizeof(place))
		return -EUCLEAN;
	memcpy(&place, item->data + sizeof(struct btrfs_disk_extent), sizeof(place));
	ret->block = le64_get(place.block);
	ret->packed_size = le64_get(place.size);
	ret->offset = le64_get(place.offset);
	ret->length = le64_get(place.length);
	if (ret->length == 0 || !checked_add(ret->start, ret->length, &end))
		return -EUCLEAN;
	if (ret->block == 0 || !written)
		return 0;
	ret->kind = RUN_DISK;
	size = ret->packing ? ret->unpacked_size : ret->packed_size;
	if (!range_inside(ret->offset, ret->length, size) ||
		!checked_add(ret->block, ret->packed_size, &end))
		return -EUCLEAN;
	if (ret->packing && (ret->packed_size > BTRFS_MAX_PACKED || size > BTRFS_MAX_PACKED))
		return -EUCLEAN;
	return 0;
}

static int decode(const struct btrfs_item *item, struct run *ret)
{
	struct btrfs_disk_extent disk;

	if (item->size < sizeof(disk))
		return -EUCLEAN;
	memcpy(&disk, item->data, sizeof(disk));
	*ret = (struct run){
		.kind = RUN_ZERO,
		.start = item->key.offset,
		.packing = disk.packing,
		.unpacked_size = le64_get(disk.unpacked_size),
	};
	if (disk.encryption || le16_get(disk.other_encoding) || disk.packing > BTRFS_ZSTD)
		return -ENOTSUP;
	if (disk.type == BTRFS_INLINE)
		return decode_inline(item, ret);
	if (disk.type > BTRFS_PREALLOCATED)
		return -EUCLEAN;
	return decode_place(item, disk.type == BTRFS_REGULAR, ret);
}

static bool is_extent(const struct file *file, const struct btrfs_item *item)
{
	return item->key.object == file->ino && item->key.type == BTRFS_EXTENT_DATA;
}

/* The run that holds byte `at`, which is inside the file. */
static int run_at(struct file *file, uint64_t at, struct run *ret)
{
	struct btrfs_key key = {file->ino, BTRFS_EXTENT_DATA, at};
	struct btrfs_item item;
	int r;

	r = btrfs_cursor_before(&file->cursor, &key, &item);
	if (r > 0 && is_extent(file, &item)) {
		r = decode(&item, ret);
		if (r || at - ret->start < ret->length)
			return r;
	}
	if (r < 0)
		return r;
	*ret = (struct run){.kind = RUN_ZERO, .start = at, .length = file->size - at};
	r = btrfs_cursor_next(&file->cursor, &item);
	if (r > 0 && is_extent(file, &item))
		ret->length = min_u64(ret->length, item.key.offset - at);
	return r < 0 ? r : 0;
}

static int unpack_inline(
	struct file *file, const struct run *run, size_t inside, void *buf, size_t len)
{
	_free_ uint8_t *whole = calloc(1, run->length);
	size_t done;
	int r;

	if (!whole)
		return -ENOMEM;
	r = btrfs_unpack(
		file->btrfs, run->packing, run->bytes, run->packed_size, whole, run->length, &done);
	if (r == 0)
		memcpy(buf, whole + inside, len);
	return r;
}

/* Unpacks the extent of a run into btrfs->unpacked, unless it stands there already. */
static int unpack_extent(struct btrfs *btrfs, const struct run *run)
{
	size_t done;
	int r;

	if (btrfs->unpacked_block == run->block && btrfs->unpacked_size == run->unpacked_size)
		return 0;
	if (!btrfs->unpacked)
		btrfs->unpacked = arena_array(btrfs->arena, 2, BTRFS_MAX_PACKED);
	if (!btrfs->unpacked)
		return -ENOMEM;
	btrfs->packed = btrfs->unpacked + BTRFS_MAX_PACKED;
	btrfs->unpacked_block = 0;
	memset(btrfs->unpacked, 0, BTRFS_MAX_PACKED);
	r = btrfs_data_read(btrfs, run->block, btrfs->packed, run->packed_size);
	if (r == 0)
		r = btrfs_unpack(btrfs, run->packing, btrfs->packed, run->packed_size,
			btrfs->unpacked, run->unpacked_size, &done);
	if (r)
		return r;
	btrfs->unpacked_block = run->block;
	btrfs->unpacked_size = run->unpacked_size;
	return 0;
}

/* Reads bytes that all lie in one run, `inside` bytes behind its start. */
static int run_read(
	struct file *file, const struct run *run, uint64_t inside, void *buf, size_t len)
{
	int r;

	if (run->kind == RUN_ZERO) {
		memset(buf, 0, len);
		return 0;
	}
	if (run->kind == RUN_INLINE && run->packing)
		return unpack_inline(file, run, inside, buf, len);
	if (run->kind == RUN_INLINE) {
		memcpy(buf, run->bytes + inside, len);
		return 0;
	}
	if (!run->packing)
		return btrfs_data_read(file->btrfs, run->block + run->offset + inside, buf, len);
	r = unpack_extent(file->btrfs, run);
	if (r == 0)
		memcpy(buf, file->btrfs->unpacked + run->offset + inside, len);
	return r;
}

ssize_t btrfs_file_read(
	struct fs *fs, const struct node *node, uint64_t offset, void *buf, size_t len)
{
	_file_ struct file file;
	uint64_t at, inside;
	struct run run;
	size_t done, part;
	int r;

	r = file_begin(&file, fs, node);
	if (r)
		return r;
	if (offset >= file.size)
		return 0;
	len = (size_t)min_u64(len, file.size - offset);
	for (done = 0; done < len; done += part) {
		at = offset + done;
		r = run_at(&file, at, &run);
		if (r)
			return r;
		inside = at - run.start;
		part = (size_t)min_u64(len - done, run.length - inside);
		r = run_read(&file, &run, inside, (char *)buf + done, part);
		if (r)
			return r;
	}
	return (ssize_t)len;
}

/* Appends where plain data lies, device by device; what must be computed is read later. */
static int map_data(
	const struct btrfs *btrfs, uint64_t logical, uint64_t length, struct extents *ret)
{
	const struct btrfs_device *device;
	uint64_t offset, part;
	int r;

	for (; length; length -= part, logical += part) {
		r = btrfs_place(btrfs, logical, 0, &device, &offset, &part);
		if (r && (r != -EIO || !btrfs_has_parity(btrfs, logical)))
			return r;
		part = min_u64(part, length);
		if (r)
			r = extents_add(ret, EXTENT_LATER, 0, 0, part);
		else
			r = blockdev_map(&device->dev, offset, part, ret);
		if (r)
			return r;
	}
	return 0;
}

int btrfs_file_extents(struct fs *fs, const struct node *node, struct extents *ret)
{
	_file_ struct file file;
	uint64_t at, inside, part;
	struct run run;
	int r;

	r = file_begin(&file, fs, node);
	for (at = 0; r == 0 && at < file.size; at += part) {
		r = run_at(&file, at, &run);
		if (r)
			return r;
		inside = at - run.start;
		part = min_u64(file.size - at, run.length - inside);
		if (run.kind == RUN_ZERO)
			r = extents_add(ret, EXTENT_ZERO, 0, 0, part);
		else if (run.kind == RUN_INLINE || run.packing)
			r = extents_add(ret, EXTENT_LATER, 0, 0, part);
		else
			r = map_data(file.btrfs, run.block + run.offset + inside, part, ret);
	}
	return r;
}

ssize_t btrfs_link_read(struct fs *fs, const struct node *link, char *buf, size_t size)
{
	if (link->size == 0 || link->size > BTRFS_MAX_LINK)
		return -EUCLEAN;
	if (link->size > size)
		return -ENAMETOOLONG;
	return btrfs_file_read(fs, link, 0, buf, link->size);
}
