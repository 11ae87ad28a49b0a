/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/ext/jbd2.h"

#include "core/checked.h"
#include "parsers/fs/crc32c.h"
#include "parsers/fs/ext/jbd2_log.h"

#include <errno.h>
#include <string.h>

enum {
	DEFAULT_FAST_BLOCKS = 256,
	FAST_COMMIT_HEAD = 9,   /* tag of ext4's fast commit area */
	MAX_FAST_BLOCKS = 4096, /* that are looked at */
	MAX_WATCHED = 1024,     /* bytes of a block: each transaction and fast commit begins one */
};

struct jbd2_super {
	struct jbd2_header header;
	struct be32 block_size, max_len, first, sequence, start, error;
	struct be32 compat, incompat, ro_compat;
	uint8_t uuid[16];
	struct be32 users, dynamic_super, max_transaction, max_data;
	uint8_t checksum_type, padding[3];
	struct be32 fast_blocks, head;
	uint8_t more[160];
	struct be32 checksum;
	uint8_t user_ids[768];
};
_Static_assert(sizeof(struct jbd2_super) == 1024, "the kernel's");

static int check_super(
	const struct jbd2_super *super, uint32_t block_size, uint64_t blocks, struct err *err)
{
	uint32_t type = be32_get(super->header.type), last = be32_get(super->max_len);
	uint32_t first = be32_get(super->first), start = be32_get(super->start);
	uint32_t unknown = be32_get(super->incompat) & ~(uint32_t)INCOMPAT_KNOWN;

	if (be32_get(super->header.magic) != (uint32_t)JBD2_MAGIC ||
		(type != SUPERBLOCK_V1 && type != SUPERBLOCK_V2))
		return err_set(err, EUCLEAN, "the journal has no superblock");
	if (be32_get(super->block_size) != block_size || first == 0 || first >= last ||
		last > blocks || start >= last || (start && start < first))
		return err_set(err, EUCLEAN, "the journal's superblock is damaged");
	if (type == SUPERBLOCK_V2 && unknown)
		return err_set(err, ENOTSUP, "the journal uses unknown feature 0x%x", unknown);
	return 0;
}

/* Checks the journal's superblock and takes from it what is needed. */
static int open_log(struct jbd2_log *log, uint32_t superblock, struct err *err)
{
	const struct extent *last = &log->extents->at[log->extents->count - 1];
	uint64_t blocks = (last->offset + last->length) / log->block_size;
	struct jbd2_super super;
	int ret = jbd2_log_read(log, superblock);

	if (ret)
		return err_set(err, -ret, "the journal cannot be read");
	memcpy(&super, log->block, sizeof(super));
	ret = check_super(&super, log->block_size, blocks, err);
	if (ret)
		return ret;
	log->first = be32_get(super.first);
	log->end = be32_get(super.max_len);
	log->start = be32_get(super.start);
	log->sequence = be32_get(super.sequence);
	if (be32_get(super.header.type) == SUPERBLOCK_V1)
		return 0;
	log->compat = be32_get(super.compat);
	log->incompat = be32_get(super.incompat);
	log->seed = crc32c_add(CRC32C_START, super.uuid, sizeof(super.uuid));
	if (log->incompat & INCOMPAT_FAST_COMMIT) {
		log->fast_blocks = be32_get(super.fast_blocks);
		if (!log->fast_blocks)
			log->fast_blocks = DEFAULT_FAST_BLOCKS;
		if (log->fast_blocks >= log->end - log->first)
			return err_set(err, EUCLEAN, "the journal's superblock is damaged");
		log->end -= log->fast_blocks;
	}
	return log->start < log->end ? 0 : err_set(err, EUCLEAN, "the journal is damaged");
}

/* Reads the blocks of fast commits (fs/ext4/fast_commit.h) if the first looks like one. */
static int read_fast(struct jbd2_log *log, struct arena *arena, struct jbd2 *ret)
{
	uint32_t blocks = (uint32_t)min_u64(log->fast_blocks, MAX_FAST_BLOCKS);
	struct {
		struct le16 tag, length;
		struct le32 features, sequence;
	} head;
	char *area;

	/* The kernel leaves one block free behind the ring. */
	ret->fast_start = log->end + 1;
	ret->sequence = log->sequence + ret->transactions;
	if (!log->start || blocks < 2 || jbd2_log_read(log, ret->fast_start))
		return 0;
	memcpy(&head, log->block, sizeof(head));
	if (le16_get(head.tag) != FAST_COMMIT_HEAD || le32_get(head.sequence) != ret->sequence)
		return 0;
	area = arena_array(arena, blocks, log->block_size);
	if (!area)
		return -ENOMEM;
	ret->fast_area.at = area;
	for (uint32_t i = 0; i < blocks - 1; i++) {
		if (jbd2_log_read(log, ret->fast_start + i))
			break;
		memcpy(area + ret->fast_area.len, log->block, log->block_size);
		ret->fast_area.len += log->block_size;
	}
	return 0;
}

/* A place in the log to be watched, as much of the block as a witness takes. */
static int watch(const struct jbd2_log *log, uint32_t index, struct witness *ret)
{
	uint64_t at;
	int r = jbd2_log_place(log, index, &at);

	return r ? r
		 : witness_take(ret, log->dev, at, (uint32_t)min_u64(log->block_size, MAX_WATCHED));
}

int jbd2_watch_fast(const struct jbd2_source *source, struct jbd2 *journal, size_t at)
{
	const struct jbd2_log log = {
		.dev = source->dev, .extents = source->blocks, .block_size = source->block_size};

	return watch(&log, journal->fast_start + (uint32_t)(at / source->block_size),
		&journal->fast_head);
}

static int compare_blocks(const void *a, const void *b)
{
	const struct jbd2_block *one = a, *two = b;

	if (one->block != two->block)
		return one->block < two->block ? -1 : 1;
	return (one->order > two->order) - (one->order < two->order);
}

static int compare_revoked(const void *a, const void *b)
{
	const struct revoked *one = a, *two = b;

	if (one->block != two->block)
		return one->block < two->block ? -1 : 1;
	return (one->order > two->order) - (one->order < two->order);
}

/* Keeps the newest of each block, without those that were revoked later. The number kept. */
static uint32_t keep_newest(struct jbd2_log *log)
{
	struct jbd2_block *blocks = log->blocks.at;
	const struct revoked *revoked = log->revoked.at;
	uint32_t kept = 0, r = 0;

	for (uint32_t i = 0; i < log->blocks.committed; i++) {
		const struct jbd2_block *block = &blocks[i];

		if (i + 1 < log->blocks.committed && blocks[i + 1].block == block->block)
			continue;
		while (r < log->revoked.committed && revoked[r].block < block->block)
			r++;
		while (r + 1 < log->revoked.committed && revoked[r + 1].block == block->block)
			r++;
		if (r < log->revoked.committed && revoked[r].block == block->block &&
			revoked[r].order >= block->transaction)
			continue;
		blocks[kept++] = *block;
	}
	return kept;
}

/* Blocks outside the volume are nobody's. */
static uint32_t keep_inside(struct jbd2_log *log, uint64_t size, uint32_t count)
{
	struct jbd2_block *blocks = log->blocks.at;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (blocks[i].block < size / log->block_size)
			blocks[kept++] = blocks[i];
	}
	return kept;
}

static int make_overlay(
	struct jbd2_log *log, const struct blockdev *volume, struct arena *arena, struct jbd2 *ret)
{
	struct jbd2_overlay *overlay = arena_new(arena, struct jbd2_overlay);

	if (log->blocks.committed)
		qsort(log->blocks.at, log->blocks.committed, log->blocks.item, compare_blocks);
	if (log->revoked.committed)
		qsort(log->revoked.at, log->revoked.committed, log->revoked.item, compare_revoked);
	ret->blocks = keep_inside(log, volume->size, keep_newest(log));
	if (!overlay)
		return -ENOMEM;
	*overlay = (struct jbd2_overlay){
		.dev = *volume,
		.log = *log->dev,
		.block_size = log->block_size,
		.checksum = log->incompat & INCOMPAT_CSUM_V3   ? CHECKSUM_32
			    : log->incompat & INCOMPAT_CSUM_V2 ? CHECKSUM_16
							       : CHECKSUM_NONE,
		.seed = log->seed,
		.blocks = arena_array(arena, ret->blocks + 1, sizeof(*overlay->blocks)),
		.count = ret->blocks,
		.buffer = arena_alloc(arena, log->block_size),
	};
	if (!overlay->blocks || !overlay->buffer)
		return -ENOMEM;
	if (ret->blocks)
		memcpy(overlay->blocks, log->blocks.at, ret->blocks * sizeof(*overlay->blocks));
	ret->dev = jbd2_overlay_blockdev(overlay);
	return 0;
}

int jbd2_read(
	const struct jbd2_source *source, struct arena *arena, struct jbd2 *ret, struct err *err)
{
	struct jbd2_log log CLEANUP(jbd2_log_done) = {
		.dev = source->dev,
		.extents = source->blocks,
		.block_size = source->block_size,
		.crc = UINT32_MAX,
		.blocks.item = sizeof(struct jbd2_block),
		.revoked.item = sizeof(struct revoked),
	};
	int64_t transactions = 0;
	int failed;

	*ret = (struct jbd2){.dev = *source->volume};
	if (!source->blocks->count || log.block_size < sizeof(struct jbd2_super))
		return err_set(err, EUCLEAN, "there is no journal");
	log.block = malloc(log.block_size);
	if (!log.block)
		return err_set(err, ENOMEM, "out of memory");
	failed = open_log(&log, source->superblock, err);
	if (failed)
		return failed;
	log.head = log.start ? log.start : log.first;
	if (log.start)
		transactions = jbd2_log_transactions(&log);
	if (transactions < 0)
		return err_set(err, (int)-transactions, "the journal cannot be read");
	ret->transactions = (uint32_t)transactions;
	ret->cut = log.cut;
	if (watch(&log, source->superblock, &ret->super) || watch(&log, log.head, &ret->head))
		return err_set(err, EIO, "the journal cannot be read");
	if (make_overlay(&log, source->volume, arena, ret) || read_fast(&log, arena, ret))
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}
