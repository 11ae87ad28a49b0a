/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/ext/jbd2_log.h"

#include "core/checked.h"
#include "parsers/fs/crc32c.h"

#include <errno.h>
#include <string.h>

enum {
	TAG_ESCAPED = 1,
	TAG_SAME_UUID = 2,
	TAG_LAST = 8,
	MAX_BLOCKS = 1 << 20, /* of a log that are looked at: 4 GiB with 4k blocks */
	CHECKSUM_CRC32 = 1,   /* in a commit block */
};

struct jbd2_tag {
	struct be32 block;
	struct be16 checksum, flags;
	struct be32 block_high;
};

struct jbd2_tag3 {
	struct be32 block, flags, block_high, checksum;
};

struct jbd2_commit {
	struct jbd2_header header;
	uint8_t checksum_type, checksum_size, padding[2];
	struct be32 checksum;
};

void jbd2_log_done(struct jbd2_log *log)
{
	free(log->block);
	free(log->blocks.at);
	free(log->revoked.at);
}

static void *pile_add(struct pile *pile)
{
	if (pile->count == pile->room) {
		uint32_t room = pile->room ? pile->room * 2 : 64;
		void *at = reallocarray(pile->at, room, pile->item);

		if (!at)
			return NULL;
		pile->at = at;
		pile->room = room;
	}
	return (char *)pile->at + pile->item * pile->count++;
}

static bool has_checksums(const struct jbd2_log *log)
{
	return log->incompat & (INCOMPAT_CSUM_V2 | INCOMPAT_CSUM_V3);
}

int jbd2_log_place(const struct jbd2_log *log, uint32_t index, uint64_t *ret)
{
	uint64_t offset = (uint64_t)index * log->block_size;
	const struct extent *extent = extents_find(log->extents, offset);

	if (!extent || extent->kind != EXTENT_DISK)
		return -EUCLEAN;
	*ret = extent->at + (offset - extent->offset);
	return 0;
}

int jbd2_log_read(struct jbd2_log *log, uint32_t index)
{
	uint64_t at;
	int err = jbd2_log_place(log, index, &at);

	if (err)
		return err;
	if (++log->read > MAX_BLOCKS)
		return -EUCLEAN;
	return blockdev_read(log->dev, at, log->block, log->block_size);
}

static uint32_t log_next(const struct jbd2_log *log, uint32_t index, uint32_t by)
{
	uint32_t ring = log->end - log->first;

	/* Both lie inside the ring, so that the sum cannot overflow. */
	index = index - log->first + by % ring;
	return log->first + index % ring;
}

/* The checksum of log->block with the four bytes at `at` as zeros. */
static bool block_checksum_right(const struct jbd2_log *log, size_t at)
{
	const struct be32 zero = {0};
	struct be32 wanted;
	uint32_t crc;

	memcpy(&wanted, log->block + at, sizeof(wanted));
	crc = crc32c_add(log->seed, log->block, at);
	crc = crc32c_add(crc, &zero, sizeof(zero));
	crc = crc32c_add(crc, log->block + at + sizeof(zero), log->block_size - at - sizeof(zero));
	return crc == be32_get(wanted);
}

/* One tag of a descriptor block, whichever form it has. */
struct tag {
	uint64_t block;
	uint32_t flags, checksum;
	size_t size; /* bytes, with the UUID that may follow */
};

static size_t tag_size(const struct jbd2_log *log)
{
	size_t size = sizeof(struct jbd2_tag);

	if (log->incompat & INCOMPAT_CSUM_V3)
		return sizeof(struct jbd2_tag3);
	if (log->incompat & INCOMPAT_CSUM_V2)
		size += sizeof(struct be16);
	return log->incompat & INCOMPAT_64BIT ? size : size - sizeof(struct be32);
}

/* Reads the tag at `at`; false where none fits before `end`. */
static bool read_tag(const struct jbd2_log *log, size_t at, size_t end, struct tag *ret)
{
	struct jbd2_tag3 tag3 = {0};
	struct jbd2_tag tag = {0};
	size_t size = tag_size(log);

	if (at > end || end - at < size)
		return false;
	if (log->incompat & INCOMPAT_CSUM_V3) {
		memcpy(&tag3, log->block + at, sizeof(tag3));
		ret->block = be32_get(tag3.block);
		ret->flags = be32_get(tag3.flags);
		ret->checksum = be32_get(tag3.checksum);
		tag.block_high = tag3.block_high;
	} else {
		memcpy(&tag, log->block + at, min_size(size, sizeof(tag)));
		ret->block = be32_get(tag.block);
		ret->flags = be16_get(tag.flags);
		ret->checksum = be16_get(tag.checksum);
	}
	if (log->incompat & INCOMPAT_64BIT)
		ret->block |= (uint64_t)be32_get(tag.block_high) << 32;
	ret->size = size + (ret->flags & TAG_SAME_UUID ? 0 : 16);
	return true;
}

static int add_block(struct jbd2_log *log, const struct tag *tag, uint32_t index, uint32_t order)
{
	struct jbd2_block *block;
	uint64_t at;
	int err = jbd2_log_place(log, index, &at);

	if (err)
		return err;
	block = pile_add(&log->blocks);
	if (!block)
		return -ENOMEM;
	*block = (struct jbd2_block){
		.block = tag->block,
		.at = at,
		.order = log->blocks.count,
		.transaction = order,
		.sequence = log->sequence + order,
		.checksum = tag->checksum,
		.escaped = tag->flags & TAG_ESCAPED,
	};
	return 0;
}

/* Takes the tags of a descriptor block; *index ends at the last of its data blocks. */
static int read_descriptor(struct jbd2_log *log, uint32_t *index, uint32_t order)
{
	size_t end = log->block_size - (has_checksums(log) ? sizeof(struct be32) : 0);
	size_t at = sizeof(struct jbd2_header);
	struct tag tag = {0};
	int err = 0;

	if (has_checksums(log) && !block_checksum_right(log, end))
		return -EBADMSG;
	for (; !err && !(tag.flags & TAG_LAST) && read_tag(log, at, end, &tag); at += tag.size) {
		*index = log_next(log, *index, 1);
		if (++log->read > MAX_BLOCKS)
			return -EUCLEAN;
		err = add_block(log, &tag, *index, order);
	}
	return err;
}

static int read_revoke(struct jbd2_log *log, uint32_t order)
{
	size_t item = log->incompat & INCOMPAT_64BIT ? 8 : 4;
	size_t at = sizeof(struct jbd2_header) + sizeof(struct be32);
	size_t end = log->block_size - (has_checksums(log) ? sizeof(struct be32) : 0);
	struct be32 used, high = {0}, low;

	if (has_checksums(log) && !block_checksum_right(log, end))
		return -EBADMSG;
	memcpy(&used, log->block + sizeof(struct jbd2_header), sizeof(used));
	end = min_size(end, be32_get(used));
	for (; at <= end && end - at >= item; at += item) {
		struct revoked *revoked = pile_add(&log->revoked);

		if (!revoked)
			return -ENOMEM;
		if (item == 8)
			memcpy(&high, log->block + at, sizeof(high));
		memcpy(&low, log->block + at + item - 4, sizeof(low));
		revoked->block = (uint64_t)be32_get(high) << 32 | be32_get(low);
		revoked->order = order;
	}
	return 0;
}

/* COMPAT_CHECKSUM: the sum over a descriptor (in log->block) and the data blocks behind it. */
static int sum_blocks(struct jbd2_log *log, uint32_t from, uint32_t to)
{
	int err = 0;

	log->crc = ext2fs_crc32_be(log->crc, log->block, log->block_size);
	while (from != to && !err) {
		from = log_next(log, from, 1);
		err = jbd2_log_read(log, from);
		if (!err)
			log->crc = ext2fs_crc32_be(log->crc, log->block, log->block_size);
	}
	return err;
}

/* Is the transaction that this commit block ends whole? */
static bool commit_right(const struct jbd2_log *log)
{
	struct jbd2_commit commit;

	if (has_checksums(log))
		return block_checksum_right(log, offsetof(struct jbd2_commit, checksum));
	if (!(log->compat & COMPAT_CHECKSUM))
		return true;
	memcpy(&commit, log->block, sizeof(commit));
	if (!commit.checksum_type && !commit.checksum_size)
		return be32_get(commit.checksum) == 0;
	return commit.checksum_type == CHECKSUM_CRC32 && be32_get(commit.checksum) == log->crc;
}

/* One block of a transaction; *order goes up behind a commit. 1: the log ends here. */
static int read_step(struct jbd2_log *log, uint32_t *index, uint32_t *order)
{
	struct jbd2_header header;
	uint32_t from = *index;
	int err = jbd2_log_read(log, *index);

	if (err)
		return err;
	memcpy(&header, log->block, sizeof(header));
	if (be32_get(header.magic) != (uint32_t)JBD2_MAGIC ||
		be32_get(header.sequence) != log->sequence + *order)
		return 1;
	switch (be32_get(header.type)) {
	case DESCRIPTOR:
		err = read_descriptor(log, index, *order);
		if (!err && (log->compat & COMPAT_CHECKSUM))
			err = sum_blocks(log, from, *index);
		break;
	case REVOKE:
		err = read_revoke(log, *order);
		break;
	case COMMIT:
		if (!commit_right(log))
			return -EBADMSG;
		log->blocks.committed = log->blocks.count;
		log->revoked.committed = log->revoked.count;
		log->crc = UINT32_MAX;
		(*order)++;
		log->head = log_next(log, *index, 1);
		break;
	default:
		return 1;
	}
	*index = log_next(log, *index, 1);
	return err;
}

int64_t jbd2_log_transactions(struct jbd2_log *log)
{
	uint32_t index = log->start, order = 0;
	int err = 0;

	while (!err)
		err = read_step(log, &index, &order);
	if (err == -ENOMEM || err == -EIO)
		return err;
	log->cut = err < 0;
	return order;
}
