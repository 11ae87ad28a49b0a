/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/log.h"

#include "core/bytes.h"
#include "core/checked.h"
#include "parsers/fs/crc32c.h"

#include <errno.h>
#include <string.h>

/*
 * A record (version 2; version 1 has one header block only):
 *
 *      header | further headers | data ...                     in blocks of 512 bytes
 *
 * The first word of every data block is replaced by the cycle. The words that stood there are in
 * the headers: 64 in each, one header for each 32 KiB that a record may hold (`size`). A further
 * header begins with the cycle, too. A record may go over the ring's end, where the cycle in the
 * blocks behind it is one more.
 *
 * Source: "XFS Algorithms & Data Structures", chapter Journaling Log; the order of the checks is
 * that of fs/xfs/xfs_log_recover.c.
 */
struct record_header {
	struct be32 magic, cycle, version, length; /* length: bytes of data */
	struct be64 lsn, tail_lsn;
	struct le32 crc;
	struct be32 previous_block, operations;
	struct be32 words[64];
	struct be32 format;
	uint8_t uuid[16];
	struct be32 size; /* the most bytes that a record may have; version 2 */
} __attribute__((packed));
_Static_assert(sizeof(struct record_header) == 324, "log record");

struct further_header {
	struct be32 cycle;
	struct be32 words[64];
} __attribute__((packed));

/* The start of each operation in a record's data. */
struct operation {
	struct be32 transaction, length;
	uint8_t client, flags;
	struct be16 unused;
} __attribute__((packed));

#define RECORD_MAGIC 0xfeedbabeU

enum {
	MAX_RECORD = 256 * 1024,
	WORDS = 64, /* in a header */
	HEADER_COVERS = WORDS * XFS_LOG_BLOCK,
	MAX_HEADERS = MAX_RECORD / HEADER_COVERS,
	MAX_RECORD_BLOCKS = MAX_HEADERS + MAX_RECORD / XFS_LOG_BLOCK,
	IN_FLIGHT = 8,     /* records that the writer has under way at once: these can be torn */
	CRC_ALIGNED = 328, /* bytes of the header in the sum: 64-bit machines pad the structure */
	FORMAT_LITTLE_ENDIAN = 1,
	OPERATION_UNMOUNT = 0x20,
	MIN_BLOCKS = 2 * IN_FLIGHT,
};

void xfs_log_done(struct xfs_log *log)
{
	free(log->buffer);
	log->buffer = NULL;
}

static uint64_t position(uint32_t cycle, uint32_t block)
{
	return (uint64_t)cycle << 32 | block;
}

/* Cycles skip the number that is the magic of a record. */
static uint32_t next_cycle(uint32_t cycle)
{
	return cycle + 1 == RECORD_MAGIC ? cycle + 2 : cycle + 1;
}

/* `distance` may be more than one round. */
static uint32_t ring_add(const struct xfs_log *log, uint32_t block, uint64_t distance)
{
	return (uint32_t)((block + distance) % log->blocks);
}

/* Reads over the ring's end. */
static int ring_read(const struct xfs_log *log, uint32_t block, void *buf, uint32_t blocks)
{
	uint32_t first = (uint32_t)min_u64(blocks, log->blocks - block);
	size_t bytes = (size_t)first * XFS_LOG_BLOCK;
	int r = blockdev_read(&log->dev, (uint64_t)block * XFS_LOG_BLOCK, buf, bytes);

	if (r || first == blocks)
		return r;
	return blockdev_read(
		&log->dev, 0, (char *)buf + bytes, (size_t)(blocks - first) * XFS_LOG_BLOCK);
}

/* The cycle of a block: in a record's first block it stands behind the magic. */
static uint32_t cycle_of(const uint8_t *block)
{
	struct be32 words[2];

	memcpy(words, block, sizeof(words));
	return be32_get(words[be32_get(words[0]) == RECORD_MAGIC]);
}

static int read_cycle(const struct xfs_log *log, uint32_t block, uint32_t *ret)
{
	uint8_t words[8];
	int r = blockdev_read(&log->dev, (uint64_t)block * XFS_LOG_BLOCK, words, sizeof(words));

	if (!r)
		*ret = cycle_of(words);
	return r;
}

static uint32_t count_headers(const struct record_header *header)
{
	uint32_t size = be32_get(header->size);

	if (!(be32_get(header->version) & 2) || size <= HEADER_COVERS || size > MAX_RECORD)
		return 1;
	return (size + HEADER_COVERS - 1) / HEADER_COVERS;
}

static uint32_t record_blocks(const struct record_header *header)
{
	return count_headers(header) +
	       (be32_get(header->length) + XFS_LOG_BLOCK - 1) / XFS_LOG_BLOCK;
}

/* Does a record begin in this block, which lies at a position? */
static bool is_header(const struct record_header *header, uint64_t lsn)
{
	uint32_t version = be32_get(header->version), length = be32_get(header->length);

	return be32_get(header->magic) == RECORD_MAGIC && be64_get(header->lsn) == lsn &&
	       be32_get(header->cycle) == lsn >> 32 && version && version <= 3 && length &&
	       length <= MAX_RECORD;
}

/* ---- one record ---------------------------------------------------------------------------- */

static uint32_t checksum(const uint8_t *record, size_t header_bytes)
{
	static const uint8_t zeros[sizeof(struct le32)];
	const struct record_header *header = (const struct record_header *)(const void *)record;
	size_t at = offsetof(struct record_header, crc), behind = at + sizeof(zeros);
	uint32_t headers = count_headers(header), length = be32_get(header->length);
	uint32_t crc = crc32c_add(CRC32C_START, record, at), further;

	crc = crc32c_add(crc, zeros, sizeof(zeros));
	crc = crc32c_add(crc, record + behind, header_bytes - behind);
	/* Only as many further headers are in the sum as the length needs. */
	further = (length + HEADER_COVERS - 1) / HEADER_COVERS;
	if (!(be32_get(header->version) & 2))
		further = 1;
	for (uint32_t i = 1; i < further && i < headers; i++)
		crc = crc32c_add(
			crc, record + (size_t)i * XFS_LOG_BLOCK, sizeof(struct further_header));
	crc = crc32c_add(crc, record + (size_t)headers * XFS_LOG_BLOCK, length);
	return crc32c_end(crc);
}

/* Version 4 has checksums since Linux 3.8; there a wrong one is no reason to refuse the log. */
static bool checksum_right(const struct xfs_log *log, const uint8_t *record)
{
	const struct record_header *header = (const struct record_header *)(const void *)record;
	uint32_t written = le32_get(header->crc);

	if (!log->v5 || !written)
		return true;
	return checksum(record, CRC_ALIGNED) == written ||
	       checksum(record, sizeof(*header)) == written;
}

/* Does every block have the cycle of this record? A torn write leaves older ones. */
static bool cycles_right(const struct xfs_log *log, const uint8_t *record, uint32_t blocks)
{
	const struct record_header *header = (const struct record_header *)(const void *)record;
	uint32_t cycle = be32_get(header->cycle);
	uint32_t until_end = log->blocks - (uint32_t)be64_get(header->lsn);
	struct be32 word;

	for (uint32_t i = 1; i < blocks; i++) {
		if (i == until_end)
			cycle = next_cycle(cycle);
		memcpy(&word, record + (size_t)i * XFS_LOG_BLOCK, sizeof(word));
		if (be32_get(word) != cycle)
			return false;
	}
	return true;
}

/* Puts the first word of each block of data back where it belongs. */
static void restore_words(uint8_t *record, uint32_t headers, uint32_t blocks)
{
	size_t words = offsetof(struct record_header, words);

	for (uint32_t i = 0; i < blocks - headers; i++) {
		size_t from = (size_t)(i / WORDS) * XFS_LOG_BLOCK;

		from += i < WORDS ? words : offsetof(struct further_header, words);
		memcpy(record + (size_t)(headers + i) * XFS_LOG_BLOCK,
			record + from + i % WORDS * sizeof(struct be32), sizeof(struct be32));
	}
}

/*
 * Reads the record at a position. 1, or 0 where no whole record lies there, which has at most
 * `most` blocks; -EIO.
 */
static int read_record(struct xfs_log *log, uint64_t lsn, uint32_t most, struct xfs_log_record *ret)
{
	struct record_header *header = (struct record_header *)(void *)log->buffer;
	uint32_t block = (uint32_t)lsn, headers;
	int r = ring_read(log, block, log->buffer, 1);

	if (r)
		return r;
	if (!most || !is_header(header, lsn))
		return 0;
	headers = count_headers(header);
	ret->lsn = lsn;
	ret->blocks = record_blocks(header);
	ret->operations = be32_get(header->operations);
	ret->length = be32_get(header->length);
	ret->data = log->buffer + (size_t)headers * XFS_LOG_BLOCK;
	/* The words of a record longer than its headers can tell of are nowhere. */
	if (ret->blocks > most || ret->blocks - headers > headers * WORDS)
		return 0;
	r = ring_read(log, ring_add(log, block, 1), log->buffer + XFS_LOG_BLOCK, ret->blocks - 1);
	if (r)
		return r;
	if (!cycles_right(log, log->buffer, ret->blocks) || !checksum_right(log, log->buffer))
		return 0;
	restore_words(log->buffer, headers, ret->blocks);
	return 1;
}

/* ---- the head ------------------------------------------------------------------------------ */

/* The first block whose cycle is not that of block 0, or log->blocks: 1; 0: nothing written. */
static int find_edge(const struct xfs_log *log, uint32_t *ret)
{
	uint32_t low = 0, high = log->blocks, middle, first, cycle;
	int r = read_cycle(log, 0, &first);

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
	*ret = high;
	return 1;
}

/* The position of the block that lies `back` blocks before an edge in the cycle of block 0. */
static uint64_t position_before(
	const struct xfs_log *log, uint32_t edge, uint32_t cycle, uint32_t back)
{
	if (back <= edge)
		return position(cycle, edge - back);
	/* A log in its first round has nothing there: no record has cycle 0. */
	cycle = cycle == RECORD_MAGIC + 1 ? cycle - 2 : cycle - 1;
	return position(cycle, edge + log->blocks - back);
}

/* The newest header before the edge, `*back` blocks away: 1, 0. */
static int find_header(const struct xfs_log *log, uint32_t edge, uint32_t cycle, uint32_t most,
	uint32_t *back, struct record_header *ret)
{
	uint8_t block[XFS_LOG_BLOCK];
	uint64_t lsn;
	int r;

	for (++*back; *back <= most; ++*back) {
		lsn = position_before(log, edge, cycle, *back);
		r = ring_read(log, (uint32_t)lsn, block, 1);
		if (r)
			return r;
		memcpy(ret, block, sizeof(*ret));
		if (is_header(ret, lsn))
			return 1;
	}
	return 0;
}

/* Is the record that ends at the edge the note of an unmount? The common case, in few reads. */
static int ends_unmounted(struct xfs_log *log, uint32_t edge, uint32_t cycle)
{
	uint32_t most = (uint32_t)min_u64(MAX_RECORD_BLOCKS, log->blocks), back = 0;
	struct record_header header;
	struct operation operation;
	uint8_t block[XFS_LOG_BLOCK];
	uint64_t at;
	int r = find_header(log, edge, cycle, most, &back, &header);

	if (r <= 0)
		return r;
	log->ours = memcmp(header.uuid, log->uuid, sizeof(log->uuid)) == 0;
	if (be32_get(header.operations) != 1 || record_blocks(&header) != back)
		return 0;
	at = edge + (uint64_t)log->blocks - back + count_headers(&header);
	r = ring_read(log, (uint32_t)(at % log->blocks), block, 1);
	memcpy(&operation, block, sizeof(operation));
	return r ? r : (operation.flags & OPERATION_UNMOUNT) != 0;
}

/* How far before the edge the oldest of the records lies that can be torn, and one more. */
static int find_start(const struct xfs_log *log, uint32_t edge, uint32_t cycle, uint32_t *ret)
{
	uint32_t most = (uint32_t)min_u64((IN_FLIGHT + 1) * MAX_RECORD_BLOCKS, log->blocks);
	uint32_t back = 0, found = 0;
	struct record_header header;
	int r = 1;

	*ret = 0;
	while (r == 1 && found <= IN_FLIGHT) {
		r = find_header(log, edge, cycle, most, &back, &header);
		if (r == 1) {
			*ret = back;
			found++;
		}
	}
	return r < 0 ? r : found != 0;
}

static bool is_unmount(const struct xfs_log_record *record)
{
	struct operation operation;

	if (record->operations != 1 || record->length < sizeof(operation))
		return false;
	memcpy(&operation, record->data, sizeof(operation));
	return operation.flags & OPERATION_UNMOUNT;
}

/*
 * Goes forward over the newest records to the first that is not whole: the head is there. Takes
 * the tail from the last whole one. 1, or 0 after an unmount; -EUCLEAN: not one is whole.
 */
static int find_head(struct xfs_log *log, uint32_t edge, uint32_t cycle, struct err *err)
{
	const struct record_header *header =
		(const struct record_header *)(const void *)log->buffer;
	struct xfs_log_record record;
	bool unmounted = false;
	uint32_t back;
	int r = find_start(log, edge, cycle, &back);

	if (r <= 0)
		return r ? r : err_set(err, EUCLEAN, "no records in it");
	log->last = 0;
	for (; back; back -= record.blocks) {
		r = read_record(log, position_before(log, edge, cycle, back), back, &record);
		if (r < 0)
			return r;
		if (!r)
			break;
		if (memcmp(header->uuid, log->uuid, sizeof(log->uuid)) != 0)
			return err_set(err, EUCLEAN, "it belongs to another file system");
		if (be32_get(header->format) != FORMAT_LITTLE_ENDIAN)
			return err_set(err, ENOTSUP, "written by a machine of other byte order");
		log->last = record.lsn;
		log->tail = be64_get(header->tail_lsn);
		unmounted = is_unmount(&record);
	}
	if (!log->last)
		return err_set(err, EUCLEAN, "no whole record in it");
	log->head = ring_add(log, edge, log->blocks - back);
	return !unmounted;
}

/* Is the tail a position from which the ring leads to the last record? */
static bool tail_good(const struct xfs_log *log)
{
	uint32_t cycle = (uint32_t)(log->last >> 32), block = (uint32_t)log->tail;

	if (block >= log->blocks || log->tail > log->last)
		return false;
	if (log->tail >> 32 == cycle)
		return true;
	return next_cycle((uint32_t)(log->tail >> 32)) == cycle && block >= (uint32_t)log->last;
}

int xfs_log_find_ends(struct xfs_log *log, struct err *err)
{
	uint32_t edge = 0, cycle = 0;
	int r;

	if (log->blocks < MIN_BLOCKS)
		return err_set(err, EUCLEAN, "it has no room for a record");
	r = find_edge(log, &edge);
	if (r == 1)
		r = read_cycle(log, 0, &cycle);
	if (r >= 0 && edge)
		r = ends_unmounted(log, edge, cycle);
	log->head = edge % log->blocks;
	if (r == 0 && edge) {
		if (!log->buffer)
			log->buffer = malloc((size_t)MAX_RECORD_BLOCKS * XFS_LOG_BLOCK);
		r = log->buffer ? find_head(log, edge, cycle, err) : -ENOMEM;
		if (r == 1 && !tail_good(log))
			return err_set(err, EUCLEAN, "its newest record has a wrong tail");
	} else if (r >= 0) {
		r = 0;
	}
	if (r >= 0 && witness_take(&log->at_head, &log->dev, (uint64_t)log->head * XFS_LOG_BLOCK,
			      XFS_LOG_BLOCK))
		r = -EIO;
	if (r < 0 && !err->code)
		return err_set(err, -r, "%s", r == -ENOMEM ? "out of memory" : "it cannot be read");
	return r;
}

/* ---- the records between the ends ------------------------------------------------------------ */

/* Blocks from a position to the head; a tail at the head means the whole ring. */
static uint32_t blocks_to_head(const struct xfs_log *log, uint64_t lsn)
{
	uint32_t block = (uint32_t)lsn;

	return log->head > block ? log->head - block : log->head + log->blocks - block;
}

static uint64_t position_behind(const struct xfs_log *log, uint64_t lsn, uint32_t blocks)
{
	uint64_t block = (uint32_t)lsn + (uint64_t)blocks;
	uint32_t cycle = (uint32_t)(lsn >> 32);

	if (block < log->blocks)
		return position(cycle, (uint32_t)block);
	return position(next_cycle(cycle), (uint32_t)(block - log->blocks));
}

/*
 * A full log that was torn at its head has overwritten what its last whole record calls the tail.
 * The writer had moved on by then, so what is damaged right behind the head counts no more.
 */
static int skip_overwritten(struct xfs_log *log, uint64_t *lsn, struct xfs_log_record *record)
{
	uint32_t left = blocks_to_head(log, *lsn), distance = log->blocks - left;
	int r = read_record(log, *lsn, left, record);

	for (; r == 0 && left > 1 && distance < IN_FLIGHT * MAX_RECORD_BLOCKS; distance++) {
		*lsn = position_behind(log, *lsn, 1);
		r = read_record(log, *lsn, --left, record);
	}
	return r;
}

int xfs_log_each(struct xfs_log *log, xfs_log_visit *visit, void *context, struct err *err)
{
	uint64_t lsn = log->tail;
	struct xfs_log_record record;
	uint32_t left;
	int r = skip_overwritten(log, &lsn, &record);

	for (left = blocks_to_head(log, lsn); r == 1;) {
		r = visit(context, &record, err);
		if (r)
			return r;
		left -= record.blocks;
		if (!left)
			return 0;
		lsn = position_behind(log, lsn, record.blocks);
		r = read_record(log, lsn, left, &record);
	}
	if (r < 0)
		return err_set(err, -r, "it cannot be read");
	return err_set(err, EUCLEAN, "no whole record in its block %u", (uint32_t)lsn);
}
