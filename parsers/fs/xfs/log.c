/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/xfs.h"

#include <errno.h>

/*
 * The log is a ring of blocks of 512 bytes. Each begins with the number of its round (in a
 * record's first block: the magic, then the number), so where the number drops, writing ended. A
 * clean unmount leaves one record there that says so.
 */
enum { LOG_BLOCK = 512, MAX_RECORD = 256 * 1024, CYCLE_BLOCK = 32 * 1024 };

struct log {
	const struct blockdev *dev;
	uint64_t start; /* bytes */
	uint32_t blocks;
};

static int read_block(const struct log *log, uint64_t block, void *buf, size_t len)
{
	return blockdev_read(log->dev, log->start + block % log->blocks * LOG_BLOCK, buf, len);
}

static int read_cycle(const struct log *log, uint32_t block, uint32_t *ret)
{
	struct be32 words[2];
	int r = read_block(log, block, words, sizeof(words));

	if (r)
		return r;
	*ret = be32_get(words[0]) == XFS_LOG_MAGIC ? be32_get(words[1]) : be32_get(words[0]);
	return 0;
}

/* Where the next record would be written: 1, or 0 where nothing ever was. */
static int find_head(const struct log *log, uint32_t *head)
{
	uint32_t low = 0, high = log->blocks, middle, first, cycle;
	int r;

	r = read_cycle(log, 0, &first);
	if (r || first == 0)
		return r;
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		r = read_cycle(log, middle, &cycle);
		if (r)
			return r;
		if (cycle == first)
			low = middle;
		else
			high = middle;
	}
	*head = high;
	return 1;
}

/* The last record before the head, if it is as short as an unmount record: 1, or 0. */
static int find_last(
	const struct log *log, uint32_t head, uint32_t *distance, struct xfs_disk_log_record *ret)
{
	uint32_t most = MAX_RECORD / LOG_BLOCK + MAX_RECORD / CYCLE_BLOCK;
	int r;

	if (most > log->blocks)
		most = log->blocks;
	for (*distance = 1; *distance <= most; ++*distance) {
		r = read_block(log, (uint64_t)head + log->blocks - *distance, ret, sizeof(*ret));
		if (r)
			return r;
		if (be32_get(ret->magic) == XFS_LOG_MAGIC)
			return 1;
	}
	return 0;
}

static uint32_t header_blocks(const struct xfs_disk_log_record *record)
{
	uint32_t size = be32_get(record->size);

	if (!(be32_get(record->version) & 2) || size <= CYCLE_BLOCK || size > MAX_RECORD)
		return 1;
	return (size + CYCLE_BLOCK - 1) / CYCLE_BLOCK;
}

/* Did the last record say "unmounted"? 1, 0, -EIO. */
static int log_clean(const struct log *log)
{
	struct xfs_disk_log_record record;
	uint32_t head = 0, distance, length, header;
	uint8_t operation[12]; /* transaction (4), length (4), client, flags, 2 unused */
	int r;

	r = find_head(log, &head);
	if (r <= 0)
		return r ? r : 1;
	r = find_last(log, head, &distance, &record);
	if (r <= 0)
		return r;
	length = be32_get(record.length);
	header = header_blocks(&record);
	if (be32_get(record.operations) != 1 || length > MAX_RECORD ||
		header + (length + LOG_BLOCK - 1) / LOG_BLOCK != distance)
		return 0;
	r = read_block(log, (uint64_t)head + log->blocks - distance + header, operation,
		sizeof(operation));
	return r ? r : (operation[9] & XFS_UNMOUNT_OPERATION) != 0;
}

void xfs_log_check(struct xfs *xfs)
{
	struct log log = {.dev = &xfs->dev};
	uint64_t blocks = (uint64_t)xfs->log_blocks << (xfs->block_log - 9);
	int r;

	if (xfs->log_start == 0) {
		report_add(xfs->report, REPORT_NOTE,
			"%.*s XFS: its log is on another device and was not looked at",
			TEXT_ARG(xfs->volume));
		return;
	}
	r = xfs_blocks_place(xfs, xfs->log_start, xfs->log_blocks, &log.start);
	if (r == 0 && (blocks == 0 || blocks > UINT32_MAX))
		r = -EUCLEAN;
	log.blocks = (uint32_t)blocks;
	if (r == 0)
		r = log_clean(&log);
	if (r < 0)
		report_add(xfs->report, REPORT_WARNING, "%.*s XFS: its log cannot be read",
			TEXT_ARG(xfs->volume));
	else if (r == 0)
		report_add(xfs->report, REPORT_WARNING,
			"%.*s XFS: log not replayed: recent changes may be missing",
			TEXT_ARG(xfs->volume));
}
