/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/erofs/erofs.h"

#include <errno.h>
#include <string.h>

/* Makes room for at least `size` bytes. */
static int reserve(struct arena *arena, unsigned char **buffer, size_t *room, size_t size)
{
	if (size <= *room)
		return 0;
	arena_release(arena, *buffer);
	*room = 0;
	*buffer = arena_alloc(arena, size);
	if (!*buffer)
		return -ENOMEM;
	*room = size;
	return 0;
}

/* Zeros in front of the data, at most a block of them. */
static size_t padding(const struct erofs *erofs, size_t size)
{
	size_t most = min_size(size, (size_t)1 << erofs->block_bits), n = 0;

	while (erofs->padded && n < most && !erofs->packed[n])
		n++;
	return n;
}

/* Unpacks the piece into the cache. */
static int load(struct erofs *erofs, const struct erofs_piece *piece)
{
	size_t skip;
	int r;

	if (erofs->unpacked_at == piece->at && erofs->unpacked_len == piece->length)
		return 0;
	erofs->unpacked_at = 0;
	r = reserve(erofs->arena, &erofs->packed, &erofs->packed_room, piece->size);
	if (r == 0)
		r = reserve(erofs->arena, &erofs->unpacked, &erofs->unpacked_room, piece->length);
	if (r == 0)
		r = blockdev_read(&erofs->dev, piece->at, erofs->packed, piece->size);
	if (r < 0)
		return r;
	skip = padding(erofs, piece->size);
	/* Of a piece that several files share, this one may need the beginning only. */
	r = unpack_start(piece->packing, erofs->packed + skip, piece->size - skip, erofs->unpacked,
		piece->length);
	if (r < 0)
		return r;
	erofs->unpacked_at = piece->at;
	erofs->unpacked_len = piece->length;
	return 0;
}

/* Bytes of the packed inode, a file like others. */
static int read_fragment(struct erofs *erofs, uint64_t at, void *buf, size_t len)
{
	struct node packed;
	ssize_t got;
	int r;

	if (erofs->in_packed || !erofs->packed_inode)
		return -EUCLEAN;
	r = erofs_read_inode(erofs, erofs->packed_inode, &packed);
	if (r < 0)
		return r;
	if (packed.type != NODE_FILE || !range_inside(at, len, packed.size))
		return -EUCLEAN;
	erofs->in_packed = true;
	got = erofs_read(&erofs->fs, &packed, at, buf, len);
	erofs->in_packed = false;
	return got < 0 ? (int)got : 0;
}

static int read_piece(
	struct erofs *erofs, const struct erofs_piece *piece, uint64_t into, void *buf, size_t len)
{
	int r;

	if (piece->kind == EROFS_HOLE) {
		memset(buf, 0, len);
		return 0;
	}
	if (piece->kind == EROFS_PLAIN)
		return blockdev_read(&erofs->dev, piece->at + into, buf, len);
	if (piece->kind == EROFS_FRAGMENT)
		return read_fragment(erofs, piece->at + into, buf, len);
	r = load(erofs, piece);
	if (r == 0)
		memcpy(buf, erofs->unpacked + into, len);
	return r;
}

ssize_t erofs_read(struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len)
{
	struct erofs *erofs = erofs_of(fs);
	size_t done = 0;

	if (offset >= file->size)
		return 0;
	len = (size_t)min_u64(len, file->size - offset);
	while (done < len) {
		struct erofs_piece piece;
		uint64_t into;
		size_t part;
		int r = erofs_map(erofs, file, offset + done, &piece);

		if (r < 0)
			return r;
		into = offset + done - piece.offset;
		part = (size_t)min_u64(len - done, piece.length - into);
		r = read_piece(erofs, &piece, into, (char *)buf + done, part);
		if (r < 0)
			return r;
		done += part;
	}
	return (ssize_t)done;
}

int erofs_extents(struct fs *fs, const struct node *file, struct extents *ret)
{
	struct erofs *erofs = erofs_of(fs);
	struct erofs_piece piece;

	for (uint64_t at = 0; at < file->size; at += piece.length) {
		int r = erofs_map(erofs, file, at, &piece);

		if (r == 0 && piece.offset != at)
			r = -EUCLEAN; /* pieces that overlap */
		if (r == 0 && piece.kind == EROFS_HOLE)
			r = extents_add(ret, EXTENT_ZERO, 0, 0, piece.length);
		else if (r == 0 && piece.kind != EROFS_PLAIN)
			r = extents_add(ret, EXTENT_LATER, 0, 0, piece.length);
		else if (r == 0)
			r = blockdev_map(&erofs->dev, piece.at, piece.length, ret);
		if (r < 0)
			return r;
	}
	return 0;
}
