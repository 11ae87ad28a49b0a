/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/btrfs/btrfs.h"

#include "core/checked.h"
#include "parsers/disk/parity.h"

#include <errno.h>

/* Q tells no more apart: 2^255 = 1. */
enum { MAX_PARITY_STRIPES = 255 };

/* How the stripes of a chunk of this type divide into columns, copies and parity. */
static int divide(struct btrfs_chunk *chunk, uint64_t type, uint32_t stripes, uint32_t sub_stripes)
{
	chunk->copies = stripes;
	if (type & (BTRFS_GROUP_RAID0 | BTRFS_GROUP_RAID5 | BTRFS_GROUP_RAID6))
		chunk->copies = 1;
	if (type & BTRFS_GROUP_RAID10)
		chunk->copies = sub_stripes;
	if (type & BTRFS_GROUP_RAID5)
		chunk->parity = 1;
	if (type & BTRFS_GROUP_RAID6)
		chunk->parity = 2;
	if (chunk->copies == 0 || chunk->copies > BTRFS_MAX_COPIES || stripes % chunk->copies ||
		stripes <= chunk->parity || (chunk->parity && stripes > MAX_PARITY_STRIPES))
		return -EUCLEAN;
	chunk->columns = (stripes - chunk->parity) / chunk->copies;
	return chunk->columns ? 0 : -EUCLEAN;
}

static int rank(const struct btrfs_stripe *stripe)
{
	if (!stripe->device)
		return 2;
	return stripe->device->stale ? 1 : 0;
}

/* The copies at hand first, then those of stale devices, then the missing ones. */
static void sort_group(struct btrfs_stripe *stripes, uint32_t count)
{
	struct btrfs_stripe stripe;
	uint32_t i, j;

	for (i = 1; i < count; i++) {
		stripe = stripes[i];
		for (j = i; j > 0 && rank(&stripes[j - 1]) > rank(&stripe); j--)
			stripes[j] = stripes[j - 1];
		stripes[j] = stripe;
	}
}

static int take_stripes(
	const struct btrfs *btrfs, struct btrfs_chunk *chunk, const uint8_t *bytes, uint32_t count)
{
	struct btrfs_disk_stripe disk;
	uint32_t i;

	chunk->stripes = arena_array(btrfs->arena, count, sizeof(*chunk->stripes));
	if (!chunk->stripes)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		memcpy(&disk, bytes + i * sizeof(disk), sizeof(disk));
		chunk->stripes[i].offset = le64_get(disk.offset);
		chunk->stripes[i].device = btrfs_device_find(btrfs, disk.uuid);
	}
	for (i = 0; i < count; i += chunk->copies)
		sort_group(chunk->stripes + i, chunk->copies);
	return 0;
}

static int make_room(struct btrfs *btrfs, struct btrfs_chunks *chunks)
{
	uint32_t room = chunks->room ? chunks->room * 2 : 16;
	struct btrfs_chunk *at;

	if (chunks->count < chunks->room)
		return 0;
	at = arena_array(btrfs->arena, room, sizeof(*at));
	if (!at)
		return -ENOMEM;
	if (chunks->count)
		memcpy(at, chunks->at, chunks->count * sizeof(*at));
	arena_release(btrfs->arena, chunks->at);
	chunks->at = at;
	chunks->room = room;
	return 0;
}

/* Puts a chunk in its place among the others; mostly that is the end. */
static int insert_chunk(
	struct btrfs *btrfs, struct btrfs_chunks *chunks, const struct btrfs_chunk *chunk)
{
	uint32_t at = chunks->count;
	int r = make_room(btrfs, chunks);

	if (r)
		return r;
	while (at > 0 && chunks->at[at - 1].start > chunk->start)
		at--;
	if (at > 0 && chunk->start - chunks->at[at - 1].start < chunks->at[at - 1].length)
		return -EUCLEAN;
	if (at < chunks->count && chunks->at[at].start - chunk->start < chunk->length)
		return -EUCLEAN;
	memmove(chunks->at + at + 1, chunks->at + at, (chunks->count - at) * sizeof(*chunk));
	chunks->at[at] = *chunk;
	chunks->count++;
	return 0;
}

/* Adds the chunk at a logical address out of its item's bytes. How many of them it takes. */
static int add_chunk(struct btrfs *btrfs, struct btrfs_chunks *chunks, uint64_t start,
	const uint8_t *bytes, size_t len)
{
	struct btrfs_chunk chunk = {.start = start};
	struct btrfs_disk_chunk disk;
	uint32_t stripes;
	uint64_t end;
	size_t size;
	int r;

	if (len < sizeof(disk))
		return -EUCLEAN;
	memcpy(&disk, bytes, sizeof(disk));
	chunk.length = le64_get(disk.length);
	stripes = le16_get(disk.stripes);
	size = sizeof(disk) + stripes * sizeof(struct btrfs_disk_stripe);
	if (size > len || chunk.length == 0 || le64_get(disk.stripe_size) != BTRFS_STRIPE ||
		!checked_add(start, chunk.length, &end))
		return -EUCLEAN;
	r = divide(&chunk, le64_get(disk.type), stripes, le16_get(disk.sub_stripes));
	if (r == 0)
		r = take_stripes(btrfs, &chunk, bytes + sizeof(disk), stripes);
	if (r == 0)
		r = insert_chunk(btrfs, chunks, &chunk);
	return r ? r : (int)size;
}

int btrfs_chunks_begin(struct btrfs *btrfs, const struct btrfs_disk_super *super)
{
	uint32_t size = le32_get(super->chunks_size), at = 0;
	struct btrfs_disk_key key;
	int r;

	while (at < size) {
		if (size - at < sizeof(key))
			return -EUCLEAN;
		memcpy(&key, super->chunks + at, sizeof(key));
		at += (uint32_t)sizeof(key);
		if (key.type != BTRFS_CHUNK_ITEM)
			return -EUCLEAN;
		r = add_chunk(
			btrfs, &btrfs->chunks, le64_get(key.offset), super->chunks + at, size - at);
		if (r < 0)
			return r;
		at += (uint32_t)r;
	}
	return btrfs->chunks.count ? 0 : -EUCLEAN;
}

int btrfs_chunks_read(struct btrfs *btrfs)
{
	struct btrfs_key first = {BTRFS_FIRST_INO, BTRFS_CHUNK_ITEM, 0};
	_btrfs_cursor_ struct btrfs_cursor cursor;
	struct btrfs_chunks all = {0};
	struct btrfs_item item;
	int r;

	btrfs_cursor_init(&cursor, btrfs, &btrfs->chunk_tree);
	r = btrfs_cursor_from(&cursor, &first, &item);
	while (r > 0 && item.key.object == first.object && item.key.type == first.type) {
		r = add_chunk(btrfs, &all, item.key.offset, item.data, item.size);
		if (r >= 0)
			r = btrfs_cursor_next(&cursor, &item);
	}
	if (r >= 0 && all.count)
		btrfs->chunks = all;
	return r < 0 ? r : 0;
}

static const struct btrfs_chunk *find_chunk(const struct btrfs *btrfs, uint64_t logical)
{
	uint32_t low = 0, high = btrfs->chunks.count, middle;
	const struct btrfs_chunk *chunk = btrfs->chunks.at;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (chunk[middle].start <= logical)
			low = middle;
		else
			high = middle;
	}
	chunk += low;
	if (low == high || logical < chunk->start || logical - chunk->start >= chunk->length)
		return NULL;
	return chunk;
}

/* The stripe that holds a byte of a striped chunk, and where in it. */
static uint32_t striped(
	const struct btrfs_chunk *chunk, uint32_t copy, uint64_t inside, uint64_t *offset)
{
	uint64_t stripe = inside / BTRFS_STRIPE, row = stripe / chunk->columns;
	uint64_t column = stripe % chunk->columns;

	*offset = row * BTRFS_STRIPE + inside % BTRFS_STRIPE;
	if (chunk->parity) /* turned by one in every row */
		return (uint32_t)((column + row) % (chunk->columns + chunk->parity));
	return (uint32_t)column * chunk->copies + copy;
}

bool btrfs_has_parity(const struct btrfs *btrfs, uint64_t logical)
{
	const struct btrfs_chunk *chunk = find_chunk(btrfs, logical);

	return chunk && chunk->parity;
}

int btrfs_place(const struct btrfs *btrfs, uint64_t logical, unsigned copy,
	const struct btrfs_device **device, uint64_t *offset, uint64_t *length)
{
	const struct btrfs_chunk *chunk = find_chunk(btrfs, logical);
	uint64_t inside;
	uint32_t index;

	if (!chunk)
		return -EUCLEAN;
	if (copy >= chunk->copies)
		return -ENOENT;
	inside = logical - chunk->start;
	if (chunk->columns == 1 && !chunk->parity) {
		index = copy;
		*offset = inside;
		*length = chunk->length - inside;
	} else {
		index = striped(chunk, copy, inside, offset);
		*length = min_u64(BTRFS_STRIPE - inside % BTRFS_STRIPE, chunk->length - inside);
	}
	*device = chunk->stripes[index].device;
	if (!*device || (chunk->parity && (*device)->stale))
		return -EIO;
	return checked_add(*offset, chunk->stripes[index].offset, offset) ? 0 : -EUCLEAN;
}

/* A row of a chunk with parity, for parity_recover(). */
struct parity_stripes {
	const struct btrfs_chunk *chunk;
	uint64_t offset; /* of the row in each stripe, and inside it */
};

/* A device that missed writes has blocks that the row's parity is not of. */
static int read_stripe(const void *context, uint32_t stripe, uint64_t offset, void *buf, size_t len)
{
	const struct parity_stripes *row = context;
	const struct btrfs_stripe *from = &row->chunk->stripes[stripe];

	if (!from->device || from->device->stale || !checked_add(offset, row->offset, &offset) ||
		!checked_add(offset, from->offset, &offset))
		return -EIO;
	return blockdev_read(&from->device->dev, offset, buf, len);
}

/*
 * Computes a part of a chunk with parity, out of other devices than its own; how much of it. Data,
 * P and Q of row r stand on the stripes from r on, going round:
 *
 *   row 0   D0 D1 P  Q
 *   row 1   Q  D2 D3 P
 */
static ssize_t recover(const struct btrfs_chunk *chunk, uint64_t inside, void *buf, size_t len)
{
	uint32_t n = chunk->columns + chunk->parity, first;
	struct parity_stripes stripes = {.chunk = chunk};
	struct parity_row row = {.n_disks = n, .q = n};
	uint32_t stripe = striped(chunk, 0, inside, &stripes.offset);

	first = (uint32_t)(stripes.offset / BTRFS_STRIPE % n);
	row.first = first;
	row.p = (first + chunk->columns) % n;
	if (chunk->parity == 2)
		row.q = (row.p + 1) % n;
	len = (size_t)min_u64(len, BTRFS_STRIPE - inside % BTRFS_STRIPE);
	if (parity_recover(&row, stripe, read_stripe, &stripes, 0, buf, len))
		return -EIO;
	return (ssize_t)len;
}

static ssize_t read_part(
	const struct btrfs *btrfs, uint64_t logical, unsigned copy, void *buf, size_t len)
{
	const struct btrfs_chunk *chunk = find_chunk(btrfs, logical);
	const struct btrfs_device *device;
	uint64_t offset, length;
	int r;

	if (chunk && chunk->parity && copy == chunk->copies)
		return recover(chunk, logical - chunk->start, buf, len);
	r = btrfs_place(btrfs, logical, copy, &device, &offset, &length);
	if (r)
		return r;
	len = (size_t)min_u64(len, length);
	return blockdev_read(&device->dev, offset, buf, len) ? -EIO : (ssize_t)len;
}

int btrfs_read_copy(
	const struct btrfs *btrfs, uint64_t logical, unsigned copy, void *buf, size_t len)
{
	uint8_t *to = buf;

	while (len) {
		ssize_t part = read_part(btrfs, logical, copy, to, len);

		if (part < 0)
			return (int)part;
		to += part;
		logical += (uint64_t)part;
		len -= (size_t)part;
	}
	return 0;
}
