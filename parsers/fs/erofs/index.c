/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/erofs/erofs.h"

#include <errno.h>
#include <string.h>

/*
 * A compressed file is cut into logical clusters of one size. The index says of each: here begins
 * a piece (HEAD, or PLAIN where it would not shrink), or it belongs to one that began before.
 */
enum cluster_kind { PLAIN, HEAD, INSIDE, HEAD_2 };

enum {
	/* Advice of the file's header. */
	PAIRS = 0x01,        /* part of a compact index has two bytes a cluster, not four */
	LARGE_PIECES = 0x02, /* pieces of HEAD and PLAIN have more than one block */
	LARGE_PIECES_2 = 0x04,
	PACKED_TAIL = 0x08, /* the last piece lies behind the index */
	INTERLACED = 0x10, /* PLAIN: each byte has the place in its block that it has in the file */
	FRAGMENT = 0x20,   /* the last piece lies in the packed inode */
	KNOWN = PAIRS | LARGE_PIECES | LARGE_PIECES_2 | PACKED_TAIL | INTERLACED | FRAGMENT,

	WHOLE_FRAGMENT = 0x80, /* in cluster_bits: all of the file lies in the packed inode */

	BLOCKS_FLAG = 1 << 11, /* in a distance: it is a number of blocks instead */
	FULL_PADDING = 8,      /* bytes between header and full index */
	FULL_ENTRY = 8,
	PACK_MAX = 32, /* bytes of a pack of clusters in a compact index */
	MAX_CLUSTER_BITS = 14,
};

/*
 * What an index begins with. With FRAGMENT the first four bytes are a place in the packed inode;
 * with WHOLE_FRAGMENT all eight are, but for that bit.
 */
struct header {
	union {
		struct le32 fragment;
		struct {
			struct le16 reserved, tail_size;
		} tail;
	} u;
	struct le16 advice;
	unsigned char algorithms, cluster_bits;
};
_Static_assert(sizeof(struct header) == 8, "what an index begins with");

struct full_entry {
	struct le16 advice, offset;
	union {
		struct le32 block;
		struct le16 distance[2];
	} u;
};

/* A file's index. */
struct index {
	struct erofs *erofs;
	const struct node *file;
	uint64_t at; /* of the entries: bytes from the volume's start */
	uint32_t cluster_bits, advice, algorithms, tail_size;
	uint64_t fragment; /* where the last piece lies in the packed inode */
	uint64_t clusters;
	bool compact;
	bool whole; /* there is no index: the file is one fragment */
};

/* One cluster of it. */
struct cluster {
	enum cluster_kind kind;
	uint32_t offset;   /* heads: where in the cluster the piece begins, bytes */
	uint32_t block;    /* heads: where the piece lies */
	uint32_t distance; /* inside: to a cluster before it that is nearer the head, or the head */
	uint32_t blocks;   /* inside, first behind a head: size of the piece; 0: not told */
	uint64_t behind;   /* where the index goes on behind this cluster's pack */
};

static int whole_fragment(struct erofs *erofs, const struct node *file, const struct header *header,
	struct index *ret)
{
	struct le64 place;

	memcpy(&place, header, sizeof(place));
	*ret = (struct index){
		.erofs = erofs,
		.file = file,
		.fragment = le64_get(place) & INT64_MAX,
		.whole = true,
	};
	return 0;
}

static int read_header(struct erofs *erofs, const struct node *file, struct index *ret)
{
	uint64_t at = (file->aux[EROFS_AUX_BEHIND] + 7) / 8 * 8;
	struct header header;
	int r = erofs_read_meta(erofs, at, &header, sizeof(header));

	if (r < 0)
		return r;
	if (header.cluster_bits & WHOLE_FRAGMENT)
		return whole_fragment(erofs, file, &header, ret);
	*ret = (struct index){
		.erofs = erofs,
		.file = file,
		.at = at + sizeof(header),
		.cluster_bits = erofs->block_bits + (header.cluster_bits & 7),
		.advice = le16_get(header.advice),
		.algorithms = header.algorithms,
		.tail_size = le16_get(header.u.tail.tail_size),
		.fragment = le32_get(header.u.fragment),
		.compact = file->aux[EROFS_AUX_LAYOUT] == EROFS_PACKED_COMPACT,
	};
	if (!ret->compact)
		ret->at += FULL_PADDING;
	ret->clusters = ((file->size - 1) >> ret->cluster_bits) + 1;
	if (ret->advice & ~(uint32_t)KNOWN || header.cluster_bits >> 3)
		return -ENOTSUP;
	return ret->cluster_bits <= MAX_CLUSTER_BITS || !ret->compact ? 0 : -ENOTSUP;
}

/* Distances hold a number of blocks where the flag is set: only right behind a head. */
static int set_distance(const struct index *index, uint32_t distance, struct cluster *ret)
{
	ret->distance = distance;
	if (!(distance & BLOCKS_FLAG))
		return 0;
	ret->blocks = distance & (BLOCKS_FLAG - 1);
	ret->distance = 1;
	/* A fragment has no blocks of its own. */
	if (!ret->blocks && !(index->advice & FRAGMENT))
		return -EUCLEAN;
	return index->advice & (LARGE_PIECES | LARGE_PIECES_2) ? 0 : -EUCLEAN;
}

static int read_full(const struct index *index, uint64_t number, struct cluster *ret)
{
	uint64_t at = index->at + number * FULL_ENTRY;
	struct full_entry entry;
	int r = erofs_read_meta(index->erofs, at, &entry, sizeof(entry));

	if (r < 0)
		return r;
	ret->kind = le16_get(entry.advice) & 3;
	ret->behind = at + sizeof(entry);
	if (ret->kind == INSIDE)
		return set_distance(index, le16_get(entry.u.distance[0]), ret);
	ret->offset = le16_get(entry.offset);
	ret->block = le32_get(entry.u.block);
	return 0;
}

/* A pack: `count` clusters of `bits` bits each, then the number of a block. */
struct pack {
	unsigned char bytes[PACK_MAX];
	uint32_t len, count, bits, value_bits;
	uint32_t block;
};

/* The value of one cluster in the pack; its kind. */
static uint32_t pack_value(const struct pack *pack, uint32_t i, enum cluster_kind *kind)
{
	uint32_t bit = i * pack->bits;
	struct le32 word;
	uint32_t value;

	memcpy(&word, pack->bytes + bit / 8, sizeof(word));
	value = le32_get(word) >> bit % 8;
	*kind = value >> pack->value_bits & 3;
	return value & ((1u << pack->value_bits) - 1);
}

/*
 * Reads the pack that has the cluster; *i is its number in there. The index begins with entries
 * of four bytes up to an address that 32 divides; then, with PAIRS, sixteen times two bytes as
 * often as that goes, then four bytes again.
 */
static int read_pack(
	const struct index *index, uint64_t number, struct pack *ret, uint32_t *i, uint64_t *behind)
{
	uint64_t first = (PACK_MAX - index->at % PACK_MAX) % PACK_MAX / 4;
	uint64_t pairs = 0, at = index->at, begin;
	uint32_t entry = 4;
	int r;

	if (index->advice & PAIRS && first < index->clusters)
		pairs = (index->clusters - first) / 16 * 16;
	if (number < first) {
		at += number * 4;
	} else if (number - first < pairs) {
		entry = 2;
		at += first * 4 + (number - first) * 2;
	} else {
		at += first * 4 + pairs * 2 + (number - first - pairs) * 4;
	}
	ret->count = entry == 2 ? 16 : 2;
	ret->len = ret->count * entry;
	ret->value_bits = index->cluster_bits > 12 ? index->cluster_bits : 12;
	ret->bits = (ret->len - 4) * 8 / ret->count;
	if (ret->value_bits + 2 > ret->bits)
		return -EUCLEAN;
	begin = at / ret->len * ret->len;
	*i = (uint32_t)(at - begin) / entry;
	*behind = begin + ret->len;
	r = erofs_read_meta(index->erofs, begin, ret->bytes, ret->len);
	if (r == 0) {
		struct le32 block;

		memcpy(&block, ret->bytes + ret->len - sizeof(block), sizeof(block));
		ret->block = le32_get(block);
	}
	return r;
}

/* Blocks of the pieces that begin in the pack before cluster `i`. */
static int count_blocks(
	const struct index *index, const struct pack *pack, uint32_t i, uint32_t *ret)
{
	bool large = index->advice & LARGE_PIECES;
	uint32_t blocks = large ? 0 : 1;

	while (i > 0) {
		enum cluster_kind kind;
		uint32_t value = pack_value(pack, --i, &kind), back = 0;

		if (kind != INSIDE) {
			blocks++;
		} else if (!large) {
			back = value;
			blocks += back <= i;
		} else if (value & BLOCKS_FLAG) {
			back = 1;
			blocks += value & (BLOCKS_FLAG - 1);
		} else {
			if (value <= 1)
				return -EUCLEAN;
			back = value - 2;
		}
		i -= i < back ? i : back;
	}
	*ret = blocks;
	return 0;
}

/* The last cluster of a pack tells its distance to the next head: ask the one before it. */
static int compact_distance(
	const struct index *index, const struct pack *pack, uint32_t i, struct cluster *ret)
{
	enum cluster_kind kind;
	uint32_t value = pack_value(pack, i, &kind);

	if (i + 1 != pack->count || value & BLOCKS_FLAG)
		return set_distance(index, value, ret);
	value = pack_value(pack, i - 1, &kind);
	if (kind != INSIDE)
		value = 0;
	else if (value & BLOCKS_FLAG)
		value = 1;
	ret->distance = value + 1;
	return 0;
}

static int read_compact(const struct index *index, uint64_t number, struct cluster *ret)
{
	struct pack pack;
	uint32_t i, blocks = 0;
	int r = read_pack(index, number, &pack, &i, &ret->behind);

	if (r < 0)
		return r;
	ret->offset = pack_value(&pack, i, &ret->kind);
	if (ret->kind == INSIDE)
		return compact_distance(index, &pack, i, ret);
	r = count_blocks(index, &pack, i, &blocks);
	ret->block = pack.block + blocks;
	return r;
}

static int read_cluster(const struct index *index, uint64_t number, struct cluster *ret)
{
	int r;

	*ret = (struct cluster){.distance = 0};
	if (number >= index->clusters || number > index->erofs->dev.size)
		return -EUCLEAN;
	r = index->compact ? read_compact(index, number, ret) : read_full(index, number, ret);
	if (r < 0)
		return r;
	if (ret->kind == INSIDE)
		return ret->distance ? 0 : -EUCLEAN;
	return ret->offset >> index->cluster_bits ? -EUCLEAN : 0;
}

/* Goes back from the cluster with byte `offset` to the head of its piece; *number is the head's. */
static int find_head(
	const struct index *index, uint64_t offset, uint64_t *number, struct cluster *ret)
{
	uint32_t into = (uint32_t)(offset & ((1u << index->cluster_bits) - 1));
	int r;

	*number = offset >> index->cluster_bits;
	r = read_cluster(index, *number, ret);
	if (r == 0 && ret->kind != INSIDE && into < ret->offset)
		*ret = (struct cluster){.kind = INSIDE, .distance = 1};
	while (r == 0 && ret->kind == INSIDE) {
		if (ret->distance > *number)
			return -EUCLEAN;
		*number -= ret->distance;
		r = read_cluster(index, *number, ret);
	}
	return r;
}

/* Where the piece of this head ends, bytes in the file; how many blocks it has. */
static int find_end(const struct index *index, uint64_t head, uint64_t *end, uint32_t *blocks)
{
	uint64_t number = head;
	struct cluster cluster;
	int r;

	*end = index->file->size;
	*blocks = 0;
	while (++number < index->clusters) {
		r = read_cluster(index, number, &cluster);
		if (r < 0)
			return r;
		if (cluster.kind != INSIDE) {
			*end = (number << index->cluster_bits) + cluster.offset;
			return 0;
		}
		if (number == head + 1)
			*blocks = cluster.blocks;
		if ((number - head) << index->cluster_bits > EROFS_MAX_PIECE)
			return -EUCLEAN;
	}
	return 0;
}

static void set_fragment(uint64_t at, struct erofs_piece *piece)
{
	piece->kind = EROFS_FRAGMENT;
	piece->at = at;
	piece->size = piece->length;
}

/* Is the piece that ends with the file packed behind the index? Then it is put there. */
static int move_tail(const struct index *index, struct erofs_piece *piece)
{
	struct cluster last;
	int r;

	if (!(index->advice & PACKED_TAIL) || piece->offset + piece->length != index->file->size)
		return 0;
	r = read_cluster(index, index->clusters - 1, &last);
	piece->at = last.behind;
	piece->size = index->tail_size;
	return r;
}

/*
 * Not packed. Interlaced, the bytes up to the first end of a block in the file are the last ones
 * of the piece, and the others stand in front: of these two parts the one with byte `offset`.
 */
static int set_plain(const struct index *index, uint64_t offset, struct erofs_piece *ret)
{
	uint64_t block = (uint64_t)1 << index->erofs->block_bits;
	uint64_t first = min_u64(block - ret->offset % block, ret->length);

	ret->kind = EROFS_PLAIN;
	if (ret->length > ret->size)
		return -EUCLEAN;
	if (index->advice & INTERLACED && offset - ret->offset < first) {
		ret->at += ret->size - (block - ret->offset % block);
		ret->length = first;
	} else if (index->advice & INTERLACED) {
		ret->offset += first;
		ret->length -= first;
	}
	ret->size = ret->length;
	return 0;
}

/* What kind of bytes the head's piece holds. */
static int set_kind(const struct index *index, const struct cluster *head, uint64_t offset,
	struct erofs_piece *ret)
{
	static const enum packing algorithms[] = {
		PACKED_LZ4, PACKED_LZMA, PACKED_ZLIB, PACKED_ZSTD};
	uint32_t algorithm = head->kind == HEAD_2 ? index->algorithms >> 4 : index->algorithms & 15;

	if (head->kind == PLAIN)
		return set_plain(index, offset, ret);
	ret->kind = EROFS_PACKED;
	if (algorithm >= ARRAY_SIZE(algorithms))
		return -ENOTSUP;
	ret->packing = algorithms[algorithm];
	return ret->size && ret->size <= EROFS_MAX_PACKED && ret->length <= EROFS_MAX_PIECE
		       ? 0
		       : -EUCLEAN;
}

static int map_piece(const struct index *index, uint64_t offset, struct erofs_piece *ret)
{
	uint32_t large, blocks = 0, bits = index->erofs->block_bits;
	uint64_t number, end = 0;
	struct cluster head;
	int r = find_head(index, offset, &number, &head);

	if (r == 0)
		r = find_end(index, number, &end, &blocks);
	if (r < 0)
		return r;
	large = head.kind == HEAD_2 ? LARGE_PIECES_2 : LARGE_PIECES;
	ret->offset = (number << index->cluster_bits) + head.offset;
	if (end <= offset || end > index->file->size || ret->offset > offset)
		return -EUCLEAN;
	ret->length = end - ret->offset;
	if (index->advice & FRAGMENT && end == index->file->size) {
		/* Full indexes have room for the upper half of the place. */
		set_fragment(index->compact ? index->fragment
					    : (uint64_t)head.block << 32 | index->fragment,
			ret);
		return 0;
	}
	ret->at = (uint64_t)head.block << bits;
	ret->size = (uint64_t)1 << index->cluster_bits;
	if (index->advice & large && blocks)
		ret->size = (uint64_t)blocks << bits;
	r = move_tail(index, ret);
	return r < 0 ? r : set_kind(index, &head, offset, ret);
}

int erofs_map_packed(
	struct erofs *erofs, const struct node *file, uint64_t offset, struct erofs_piece *ret)
{
	struct index index;
	int r = read_header(erofs, file, &index);

	if (r == 0 && index.whole) {
		*ret = (struct erofs_piece){.length = file->size};
		set_fragment(index.fragment, ret);
		return 0;
	}
	if (r == 0)
		r = map_piece(&index, offset, ret);
	if (r == -ENOTSUP)
		report_add(erofs->report, REPORT_WARNING,
			"%.*s EROFS: has files in a compression that bootfs does not read",
			TEXT_ARG(erofs->volume_name));
	return r;
}
