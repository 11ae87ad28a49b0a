/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/erofs/erofs.h"

#include <errno.h>

enum {
	CHUNK_BITS = 31, /* in the format: log2 of a chunk's size in blocks */
	CHUNK_INDEXES = 32,
	CHUNK_KNOWN = CHUNK_BITS | CHUNK_INDEXES,
	MAX_CHUNK_BITS = 40,
};

/* With CHUNK_INDEXES; without, only the block stands there. */
struct chunk_index {
	struct le16 advice, device;
	struct le32 block;
};

/* Blocks one behind the other; `tail` bytes at the end lie behind the inode instead. */
static void map_flat(const struct erofs *erofs, const struct node *file, uint64_t offset,
	uint64_t tail, struct erofs_piece *ret)
{
	uint64_t flat = file->size - tail;

	ret->kind = EROFS_PLAIN;
	if (offset < flat) {
		ret->offset = 0;
		ret->length = flat;
		ret->at = file->aux[EROFS_AUX_START] << erofs->block_bits;
	} else {
		ret->offset = flat;
		ret->length = tail;
		ret->at = file->aux[EROFS_AUX_BEHIND];
	}
	ret->size = ret->length;
}

static uint64_t tail_of(const struct erofs *erofs, const struct node *file)
{
	uint64_t block = (uint64_t)1 << erofs->block_bits;
	uint64_t over = file->size % block;

	if (file->aux[EROFS_AUX_LAYOUT] != EROFS_INLINE || !file->size)
		return 0;
	return over ? over : block;
}

/* The block that chunk number `chunk` of `count` begins with; UINT32_MAX: a hole. */
static int read_chunk(
	struct erofs *erofs, const struct node *file, uint64_t chunk, uint64_t count, uint32_t *ret)
{
	bool indexes = file->aux[EROFS_AUX_START] & CHUNK_INDEXES;
	uint64_t unit = indexes ? sizeof(struct chunk_index) : sizeof(struct le32);
	uint64_t at = (file->aux[EROFS_AUX_BEHIND] + unit - 1) / unit * unit;
	struct chunk_index index = {.device = {0}};
	int r;

	/* The whole index is there, or a large size would make much work of nothing. */
	if (count > erofs->dev.size / unit || !range_inside(at, count * unit, erofs->dev.size))
		return -EUCLEAN;
	at += chunk * unit;
	r = indexes ? erofs_read_meta(erofs, at, &index, sizeof(index))
		    : erofs_read_meta(erofs, at, &index.block, sizeof(index.block));
	if (r < 0)
		return r;
	*ret = le32_get(index.block);
	return le16_get(index.device) ? -ENOTSUP : 0;
}

static int map_chunk(
	struct erofs *erofs, const struct node *file, uint64_t offset, struct erofs_piece *ret)
{
	uint64_t format = file->aux[EROFS_AUX_START];
	uint32_t bits = erofs->block_bits + (uint32_t)(format & CHUNK_BITS);
	uint32_t block;
	int r;

	if (format & ~(uint64_t)CHUNK_KNOWN || bits > MAX_CHUNK_BITS)
		return -EUCLEAN;
	r = read_chunk(erofs, file, offset >> bits, ((file->size - 1) >> bits) + 1, &block);
	if (r < 0)
		return r;
	ret->kind = block == UINT32_MAX ? EROFS_HOLE : EROFS_PLAIN;
	ret->offset = offset >> bits << bits;
	ret->length = min_u64((uint64_t)1 << bits, file->size - ret->offset);
	ret->at = (uint64_t)block << erofs->block_bits;
	ret->size = ret->length;
	return 0;
}

int erofs_map(
	struct erofs *erofs, const struct node *file, uint64_t offset, struct erofs_piece *ret)
{
	int r = 0;

	switch ((enum erofs_layout)file->aux[EROFS_AUX_LAYOUT]) {
	case EROFS_FLAT:
	case EROFS_INLINE:
		map_flat(erofs, file, offset, tail_of(erofs, file), ret);
		break;
	case EROFS_CHUNKS:
		r = map_chunk(erofs, file, offset, ret);
		break;
	case EROFS_PACKED_FULL:
	case EROFS_PACKED_COMPACT:
		r = erofs_map_packed(erofs, file, offset, ret);
		break;
	}
	if (r == 0 && (ret->kind == EROFS_PLAIN || ret->kind == EROFS_PACKED) &&
		!range_inside(ret->at, ret->size, erofs->dev.size))
		r = -EUCLEAN;
	return r;
}
