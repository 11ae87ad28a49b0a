/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/squashfs/squashfs.h"

#include <errno.h>
#include <string.h>

enum { SIZE_MASK = SQUASH_NOT_PACKED - 1 };

/* A data block of a file, or its tail, which shares a fragment with others. */
struct piece {
	uint64_t at;     /* bytes from the volume's start */
	uint32_t size;   /* on the disk, bytes; 0: a hole */
	bool packed;     /* compressed */
	uint32_t skip;   /* bytes before the piece when unpacked: in a fragment */
	uint32_t length; /* of the file, bytes */
};

struct fragment_entry {
	struct le64 start;
	struct le32 size, unused;
};

static bool in_fragment(const struct squash *squash, const struct node *file, uint64_t index)
{
	return (uint32_t)file->aux[SQUASH_AUX_FRAGMENT] != UINT32_MAX &&
	       index == file->size / squash->block_size;
}

/* Takes a block's size as the disk has it; holds for fragments too. */
static int set_size(const struct squash *squash, uint32_t size, struct piece *ret)
{
	ret->size = size & SIZE_MASK;
	ret->packed = !(size & SQUASH_NOT_PACKED);
	if (size & ~(uint32_t)(SQUASH_NOT_PACKED | SIZE_MASK) || ret->size > squash->block_size)
		return -EUCLEAN;
	return range_inside(ret->at, ret->size, squash->dev.size) ? 0 : -EUCLEAN;
}

static int find_fragment(struct squash *squash, const struct node *file, struct piece *ret)
{
	uint32_t number = (uint32_t)file->aux[SQUASH_AUX_FRAGMENT];
	uint32_t in_block = SQUASH_META_SIZE / sizeof(struct fragment_entry);
	struct squash_place place = {.offset = 0};
	struct fragment_entry entry;
	struct le64 block;
	int r;

	if (number >= squash->n_fragments)
		return -EUCLEAN;
	r = blockdev_read(&squash->dev,
		squash->fragments + (uint64_t)(number / in_block) * sizeof(block), &block,
		sizeof(block));
	if (r < 0)
		return r == -ERANGE ? -EUCLEAN : r;
	place.block = le64_get(block);
	place.offset = number % in_block * (uint32_t)sizeof(entry);
	r = squash_read_meta(squash, &place, &entry, sizeof(entry));
	if (r < 0)
		return r;
	ret->at = le64_get(entry.start);
	ret->skip = (uint32_t)(file->aux[SQUASH_AUX_FRAGMENT] >> 32);
	r = set_size(squash, le32_get(entry.size), ret);
	if (r < 0)
		return r;
	if (!ret->size ||
		!range_inside(ret->skip, ret->length, ret->packed ? squash->block_size : ret->size))
		return -EUCLEAN;
	return 0;
}

/* Puts the cursor on block `index` of the file: sizes of all blocks before it add up. */
static int seek_block(struct squash *squash, const struct node *file, uint64_t index)
{
	if (squash->cursor.ino != file->ino || squash->cursor.index > index) {
		squash->cursor.ino = file->ino;
		squash->cursor.index = 0;
		squash->cursor.at = file->aux[SQUASH_AUX_START];
		squash->cursor.sizes = squash_place_unpack(file->aux[SQUASH_AUX_MORE]);
	}
	while (squash->cursor.index < index) {
		struct squash_place behind = squash->cursor.sizes;
		struct le32 size;
		int r = squash_read_meta(squash, &behind, &size, sizeof(size));

		if (r < 0)
			return r;
		squash->cursor.sizes = behind;
		squash->cursor.at += le32_get(size) & SIZE_MASK;
		squash->cursor.index++;
		if (squash->cursor.at > squash->dev.size)
			return -EUCLEAN;
	}
	return 0;
}

/* The piece that holds block `index` of the file. */
static int find_piece(
	struct squash *squash, const struct node *file, uint64_t index, struct piece *ret)
{
	struct squash_place place;
	struct le32 size;
	int r;

	*ret = (struct piece){.skip = 0};
	ret->length =
		(uint32_t)min_u64(squash->block_size, file->size - index * squash->block_size);
	if (in_fragment(squash, file, index))
		return find_fragment(squash, file, ret);
	r = seek_block(squash, file, index);
	if (r < 0)
		return r;
	place = squash->cursor.sizes;
	r = squash_read_meta(squash, &place, &size, sizeof(size));
	if (r < 0)
		return r;
	ret->at = squash->cursor.at;
	r = set_size(squash, le32_get(size), ret);
	if (r == 0 && ret->size && !ret->packed && ret->size != ret->length)
		r = -EUCLEAN;
	return r;
}

static int make_buffers(struct squash *squash)
{
	if (!squash->block)
		squash->block = arena_alloc(squash->arena, squash->block_size);
	if (!squash->packed)
		squash->packed = arena_alloc(squash->arena, squash->block_size);
	return squash->block && squash->packed ? 0 : -ENOMEM;
}

/* Unpacks the piece's block into the cache. */
static int load(struct squash *squash, const struct piece *piece)
{
	ssize_t got;
	int r;

	if (squash->block_at == piece->at)
		return 0;
	r = make_buffers(squash);
	if (r < 0)
		return r;
	squash->block_at = 0;
	r = blockdev_read(&squash->dev, piece->at, squash->packed, piece->size);
	if (r < 0)
		return r;
	got = unpack(
		squash->packing, squash->packed, piece->size, squash->block, squash->block_size);
	if (got < 0)
		return (int)got;
	squash->block_at = piece->at;
	squash->block_len = (uint32_t)got;
	return 0;
}

/* Copies bytes of one piece. */
static int read_piece(
	struct squash *squash, const struct piece *piece, uint32_t offset, void *buf, size_t len)
{
	int r;

	if (!piece->size) {
		memset(buf, 0, len);
		return 0;
	}
	if (!piece->packed) {
		r = blockdev_read(&squash->dev, piece->at + piece->skip + offset, buf, len);
		return r == -ERANGE ? -EUCLEAN : r;
	}
	r = load(squash, piece);
	if (r < 0)
		return r;
	if (!range_inside(piece->skip, piece->length, squash->block_len))
		return -EUCLEAN;
	memcpy(buf, squash->block + piece->skip + offset, len);
	return 0;
}

ssize_t squash_read(struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len)
{
	struct squash *squash = squash_of(fs);
	size_t done = 0;

	if (offset >= file->size)
		return 0;
	len = (size_t)min_u64(len, file->size - offset);
	while (done < len) {
		uint32_t into = (uint32_t)((offset + done) % squash->block_size);
		struct piece piece;
		size_t part;
		int r = find_piece(squash, file, (offset + done) / squash->block_size, &piece);

		if (r < 0)
			return r;
		part = min_size(len - done, piece.length - into);
		r = read_piece(squash, &piece, into, (char *)buf + done, part);
		if (r < 0)
			return r;
		done += part;
	}
	return (ssize_t)done;
}

int squash_extents(struct fs *fs, const struct node *file, struct extents *ret)
{
	struct squash *squash = squash_of(fs);
	struct piece piece;

	for (uint64_t at = 0; at < file->size; at += piece.length) {
		int r = find_piece(squash, file, at / squash->block_size, &piece);

		if (r < 0)
			return r;
		if (!piece.size)
			r = extents_add(ret, EXTENT_ZERO, 0, 0, piece.length);
		else if (piece.packed)
			r = extents_add(ret, EXTENT_LATER, 0, 0, piece.length);
		else
			r = blockdev_map(&squash->dev, piece.at + piece.skip, piece.length, ret);
		if (r < 0)
			return r == -ERANGE ? -EUCLEAN : r;
	}
	return 0;
}
