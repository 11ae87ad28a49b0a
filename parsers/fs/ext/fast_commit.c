/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/ext/fast_commit.h"

#include "core/bytes.h"
#include "core/checked.h"
#include "parsers/fs/crc32c.h"

#include <errno.h>
#include <string.h>

/*
 * Fast commits fill blocks behind the journal's ring, a row of tags:
 *
 *      HEAD | INODE | ADD_RANGE | LINK | ... | TAIL   next commit: ... | TAIL
 *
 * Each tag is le16 kind, le16 length, then that many bytes; none goes over a block's end, PAD
 * fills it. The TAIL has the CRC32C of all tags since the last TAIL. Source: fs/ext4/fast_commit.h
 * and the kernel's Documentation/filesystems/ext4/journal.rst.
 */
enum {
	ADD_RANGE = 1,
	DEL_RANGE,
	CREATE,
	LINK,
	UNLINK,
	INODE,
	PAD,
	TAIL,
	HEAD,
};

struct tag {
	struct le16 kind, length;
} __attribute__((packed));

struct head {
	struct le32 features, sequence;
} __attribute__((packed));

struct tail {
	struct le32 sequence, crc;
} __attribute__((packed));

struct name_head {
	struct le32 parent, ino;
} __attribute__((packed));

struct added_range {
	struct le32 ino, start;
	struct le16 count, block_high;
	struct le32 block_low;
} __attribute__((packed));

struct removed_range {
	struct le32 ino, start, count;
} __attribute__((packed));

enum {
	MAX_WRITTEN = 32768, /* an extent with a larger count is unwritten, and that much shorter */
	MAX_RANGES = 1 << 14, /* of one file */
};

/* One tag at hand; its bytes lie in the area. */
struct step {
	uint16_t kind;
	struct text value;
	const char *at; /* the tag itself */
};

/* Takes the tag at *at of its block; false: no whole one before the block's end. */
static bool next_step(struct text area, uint32_t block_size, size_t *at, struct step *ret)
{
	size_t left = min_size(block_size - *at % block_size, area.len - *at), length;
	struct tag tag;

	/* The rest of a block that can hold no tag is skipped. */
	if (left < sizeof(tag) && area.len - *at > left) {
		*at += left;
		left = min_size(block_size, area.len - *at);
	}
	if (left < sizeof(tag))
		return false;
	memcpy(&tag, area.at + *at, sizeof(tag));
	length = le16_get(tag.length);
	if (length > left - sizeof(tag))
		return false;
	ret->kind = le16_get(tag.kind);
	ret->at = area.at + *at;
	ret->value = (struct text){area.at + *at + sizeof(tag), length};
	*at += sizeof(tag) + length;
	return true;
}

/* The fewest bytes that a tag's value has. */
static size_t least_length(uint16_t kind)
{
	switch (kind) {
	case ADD_RANGE:
		return sizeof(struct added_range);
	case DEL_RANGE:
		return sizeof(struct removed_range);
	case CREATE:
	case LINK:
	case UNLINK:
		return sizeof(struct name_head) + 1;
	case INODE:
		return sizeof(struct le32) + 128;
	case TAIL:
		return sizeof(struct tail);
	case HEAD:
		return sizeof(struct head);
	default:
		return 0;
	}
}

static bool tail_right(const struct step *step, uint32_t crc, uint32_t sequence)
{
	struct tail tail;

	memcpy(&tail, step->value.at, sizeof(tail));
	crc = crc32c_add(crc, step->at, sizeof(struct tag) + offsetof(struct tail, crc));
	return le32_get(tail.sequence) == sequence && le32_get(tail.crc) == crc;
}

static int head_right(const struct step *step, uint32_t sequence)
{
	struct head head;

	memcpy(&head, step->value.at, sizeof(head));
	if (le32_get(head.sequence) != sequence)
		return 0;
	return le32_get(head.features) ? -ENOTSUP : 1;
}

/* Bytes of the area that whole commits fill; how many tags of each kind there are. */
static int64_t measure(
	struct text area, uint32_t block_size, uint32_t sequence, uint32_t counts[HEAD + 1])
{
	uint32_t seen[HEAD + 1] = {0}, crc = 0;
	size_t at = 0, end = 0;
	struct step step;
	int r;

	while (next_step(area, block_size, &at, &step)) {
		if (step.kind < ADD_RANGE || step.kind > HEAD ||
			step.value.len < least_length(step.kind) ||
			(!end && !crc && step.kind != HEAD))
			break;
		seen[step.kind]++;
		r = step.kind == HEAD ? head_right(&step, sequence) : 1;
		if (r < 0)
			return r;
		if (!r || (step.kind == TAIL && !tail_right(&step, crc, sequence)))
			break;
		crc = crc32c_add(crc, step.at, sizeof(struct tag) + step.value.len);
		if (step.kind != TAIL)
			continue;
		crc = 0;
		end = at;
		memcpy(counts, seen, sizeof(seen));
	}
	return (int64_t)end;
}

static void take_inode(struct ext_fast *fast, struct text value)
{
	struct le32 ino;

	memcpy(&ino, value.at, sizeof(ino));
	fast->inodes[fast->n_inodes++] =
		(struct ext_fast_inode){le32_get(ino), text_skip(value, sizeof(ino))};
}

static void take_name(struct ext_fast *fast, uint16_t kind, struct text value)
{
	struct name_head head;

	memcpy(&head, value.at, sizeof(head));
	fast->names[fast->n_names++] = (struct ext_fast_name){
		.parent = le32_get(head.parent),
		.ino = kind == UNLINK ? 0 : le32_get(head.ino),
		.name = text_skip(value, sizeof(head)),
	};
}

static void take_added(struct ext_fast *fast, struct text value)
{
	struct added_range range;
	uint32_t count;

	memcpy(&range, value.at, sizeof(range));
	count = le16_get(range.count);
	fast->ranges[fast->n_ranges++] = (struct ext_fast_range){
		.ino = le32_get(range.ino),
		.start = le32_get(range.start),
		.count = count > MAX_WRITTEN ? count - MAX_WRITTEN : count,
		.block = (uint64_t)le16_get(range.block_high) << 32 | le32_get(range.block_low),
		.unwritten = count > MAX_WRITTEN,
	};
}

static void take_removed(struct ext_fast *fast, struct text value)
{
	struct removed_range range;

	memcpy(&range, value.at, sizeof(range));
	fast->ranges[fast->n_ranges++] = (struct ext_fast_range){
		.ino = le32_get(range.ino),
		.start = le32_get(range.start),
		.count = le32_get(range.count),
	};
}

static void take_step(struct ext_fast *fast, const struct step *step)
{
	switch (step->kind) {
	case INODE:
		take_inode(fast, step->value);
		break;
	case CREATE:
	case LINK:
	case UNLINK:
		take_name(fast, step->kind, step->value);
		break;
	case ADD_RANGE:
		take_added(fast, step->value);
		break;
	case DEL_RANGE:
		take_removed(fast, step->value);
		break;
	default:
		break;
	}
}

int ext_fast_read(struct ext_fast *fast, struct text area, uint32_t block_size, uint32_t sequence,
	struct arena *arena, size_t *end)
{
	uint32_t counts[HEAD + 1] = {0}, names;
	int64_t length = measure(area, block_size, sequence, counts);
	struct step step;
	struct text kept;

	*fast = (struct ext_fast){0};
	*end = length < 0 ? 0 : (size_t)length;
	if (length <= 0)
		return (int)length;
	names = counts[CREATE] + counts[LINK] + counts[UNLINK];
	fast->inodes = arena_array(arena, counts[INODE] + 1, sizeof(*fast->inodes));
	fast->names = arena_array(arena, names + 1, sizeof(*fast->names));
	fast->ranges = arena_array(
		arena, counts[ADD_RANGE] + counts[DEL_RANGE] + 1, sizeof(*fast->ranges));
	if (!fast->inodes || !fast->names || !fast->ranges ||
		arena_text(arena, text_first(area, *end), &kept))
		return -ENOMEM;
	for (size_t at = 0; next_step(kept, block_size, &at, &step);)
		take_step(fast, &step);
	return 0;
}

struct text ext_fast_inode(const struct ext_fast *fast, uint32_t ino)
{
	for (uint32_t i = fast->n_inodes; i; i--) {
		if (fast->inodes[i - 1].ino == ino)
			return fast->inodes[i - 1].raw;
	}
	return (struct text){0};
}

/* ---- ranges over a map ------------------------------------------------------------------------ */

/*
 * The ranges of one file cut it into pieces at their ends. Each piece belongs to the last range
 * that covers it: ranges are gone through backwards, and `next` leads past pieces that have one.
 */
struct pieces {
	uint64_t *ends; /* sorted; piece i is [ends[i], ends[i + 1]), in blocks */
	const struct ext_fast_range **owner;
	uint32_t *next;
	uint32_t count; /* of ends */
};

static void pieces_done(struct pieces *pieces)
{
	free(pieces->ends);
	free(pieces->owner);
	free(pieces->next);
}

static int compare_ends(const void *a, const void *b)
{
	const uint64_t *one = a, *two = b;

	return (*one > *two) - (*one < *two);
}

static int make_ends(const struct ext_fast *fast, uint32_t ino, struct pieces *pieces)
{
	uint32_t count = 0, kept = 0;

	for (uint32_t i = 0; i < fast->n_ranges; i++)
		count += fast->ranges[i].ino == ino;
	if (count > MAX_RANGES)
		return -EFBIG;
	pieces->ends = calloc(2 * (size_t)count + 1, sizeof(*pieces->ends));
	pieces->owner = calloc(2 * (size_t)count + 1, sizeof(*pieces->owner));
	pieces->next = calloc(2 * (size_t)count + 1, sizeof(*pieces->next));
	if (!pieces->ends || !pieces->owner || !pieces->next)
		return -ENOMEM;
	for (uint32_t i = 0; i < fast->n_ranges; i++) {
		const struct ext_fast_range *range = &fast->ranges[i];

		if (range->ino != ino)
			continue;
		pieces->ends[pieces->count++] = range->start;
		pieces->ends[pieces->count++] = (uint64_t)range->start + range->count;
	}
	qsort(pieces->ends, pieces->count, sizeof(*pieces->ends), compare_ends);
	for (uint32_t i = 0; i < pieces->count; i++) {
		if (!i || pieces->ends[i] != pieces->ends[i - 1])
			pieces->ends[kept++] = pieces->ends[i];
	}
	pieces->count = kept;
	for (uint32_t i = 0; i < kept; i++)
		pieces->next[i] = i;
	return 0;
}

/* The first piece from `i` on without an owner. Shortens the way there. */
static uint32_t unowned(struct pieces *pieces, uint32_t i)
{
	while (pieces->next[i] != i) {
		pieces->next[i] = pieces->next[pieces->next[i]];
		i = pieces->next[i];
	}
	return i;
}

static void give_owner(struct pieces *pieces, const struct ext_fast_range *range)
{
	uint64_t start = range->start, end = start + range->count, *at;
	uint32_t i;

	at = bsearch(&start, pieces->ends, pieces->count, sizeof(start), compare_ends);
	for (i = unowned(pieces, (uint32_t)(at - pieces->ends));
		i + 1 < pieces->count && pieces->ends[i] < end; i = unowned(pieces, i)) {
		pieces->owner[i] = range;
		pieces->next[i] = i + 1;
	}
}

/* Appends one piece, `length` bytes from block `at` of the file on. */
static int add_piece(const struct ext_fast_range *range, uint64_t at, uint64_t length,
	uint32_t block_size, uint64_t volume, struct extents *to)
{
	uint64_t offset;

	if (!range->block || range->unwritten)
		return extents_add(to, EXTENT_ZERO, 0, 0, length);
	if (!checked_mul(range->block + (at - range->start), block_size, &offset) ||
		!range_inside(offset, length, volume))
		return -EUCLEAN;
	return extents_add(to, EXTENT_DISK, 0, offset, length);
}

static int lay_pieces(const struct pieces *pieces, uint32_t block_size, uint64_t volume,
	const struct extents *map, struct extents *to)
{
	const struct extent *last = &map->at[map->count - 1];
	uint64_t size = last->offset + last->length, done = 0, start, end;
	int r = 0;

	for (uint32_t i = 0; i + 1 < pieces->count && !r; i++) {
		start = min_u64(pieces->ends[i] * block_size, size);
		end = min_u64(pieces->ends[i + 1] * block_size, size);
		if (!pieces->owner[i] || start == end)
			continue;
		r = extents_slice(map, done, start - done, to);
		if (!r)
			r = add_piece(pieces->owner[i], pieces->ends[i], end - start, block_size,
				volume, to);
		done = end;
	}
	return r ? r : extents_slice(map, done, size - done, to);
}

int ext_fast_map(const struct ext_fast *fast, uint32_t ino, uint32_t block_size, uint64_t volume,
	struct extents *map)
{
	struct pieces pieces CLEANUP(pieces_done) = {0};
	_extents_ struct extents changed = {0};
	struct extents old;
	int r = make_ends(fast, ino, &pieces);

	if (r || pieces.count < 2 || !map->count)
		return r;
	for (uint32_t i = fast->n_ranges; i; i--) {
		if (fast->ranges[i - 1].ino == ino && fast->ranges[i - 1].count)
			give_owner(&pieces, &fast->ranges[i - 1]);
	}
	r = lay_pieces(&pieces, block_size, volume, map, &changed);
	if (r)
		return r;
	old = *map;
	*map = changed;
	changed = old;
	return 0;
}
