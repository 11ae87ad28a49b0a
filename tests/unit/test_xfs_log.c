/* XFS' log as a writer of either version makes it, torn in every way, and its replay in memory. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bytes.h"
#include "core/checked.h"
#include "parsers/fs/crc32c.h"
#include "parsers/fs/xfs/format.h"
#include "parsers/fs/xfs/recover.h"

#include <errno.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum {
	RING_BLOCKS = 4096,
	RING = RING_BLOCKS * XFS_LOG_BLOCK,
	VOLUME = 1 << 20,
	BLOCK = 4096,
	INODE = 512,
	ROOM = 300 << 10,
	/* flags of operations */
	START = 1,
	COMMIT = 2,
	CONTINUE = 4,
	CONTINUED = 8,
	UNMOUNT = 0x20,
};

static uint8_t ring[RING], volume[VOLUME];

/* A writer of logs: operations are collected, then put into a record at the head. */
static struct writer {
	bool v5;
	uint32_t version, size; /* of records */
	uint32_t cycle, block;  /* the head */
	uint64_t tail;
	uint32_t operations, length;
	uint8_t data[ROOM];
} writer;

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value);
	put16(at + 2, value >> 16);
}

static void put64(uint8_t *at, uint64_t value)
{
	put32(at, (uint32_t)value);
	put32(at + 4, (uint32_t)(value >> 32));
}

static void put32be(uint8_t *at, uint32_t value)
{
	put32(at, htobe32(value));
}

static uint64_t here(void)
{
	return (uint64_t)writer.cycle << 32 | writer.block;
}

static void start(bool v5, uint32_t version, uint32_t size)
{
	memset(ring, 0, sizeof(ring));
	memset(volume, 0, sizeof(volume));
	writer = (struct writer){.v5 = v5, .version = version, .size = size, .cycle = 1};
	writer.tail = here();
}

static void operation(uint32_t number, uint8_t flags, const void *bytes, uint32_t length)
{
	uint8_t *at = writer.data + writer.length;

	put32be(at, number);
	put32be(at + 4, length);
	at[8] = flags & UNMOUNT ? 0xaa : 0x69;
	at[9] = flags;
	put16(at + 10, 0);
	if (length)
		memcpy(at + 12, bytes, length);
	writer.length += 12 + length;
	writer.operations++;
}

static void begin(uint32_t number)
{
	uint8_t header[16] = {0};

	put32(header, 0x5452414e);
	operation(number, START, NULL, 0);
	operation(number, 0, header, sizeof(header));
}

static void commit(uint32_t number)
{
	operation(number, COMMIT, NULL, 0);
}

static uint32_t headers(void)
{
	return writer.version == 2 && writer.size > 32768 ? writer.size / 32768 : 1;
}

/* The record as it lies in the ring, but for the place. */
static void pack(uint8_t *record, uint32_t blocks)
{
	uint32_t count = headers(), crc, cycle = writer.cycle;

	put32be(record, 0xfeedbabe);
	put32be(record + 4, cycle);
	put32be(record + 8, writer.version);
	put32be(record + 12, writer.length);
	put64(record + 16, htobe64(here()));
	put64(record + 24, htobe64(writer.tail));
	put32be(record + 40, writer.operations);
	put32be(record + 300, 1);
	put32be(record + 320, writer.size);
	memcpy(record + (size_t)count * 512, writer.data, writer.length);
	for (uint32_t i = 0; i < blocks - count; i++) {
		uint8_t *to = record + (size_t)(i / 64) * 512 + (i < 64 ? 44 : 4) + i % 64 * 4;

		memcpy(to, record + (size_t)(count + i) * 512, 4);
	}
	for (uint32_t i = 1; i < blocks; i++)
		put32be(record + (size_t)i * 512,
			writer.block + i < RING_BLOCKS ? cycle : cycle + 1);
	crc = crc32c_add(CRC32C_START, record, 328);
	for (uint32_t i = 1; i < (writer.length + 32767) / 32768; i++)
		crc = crc32c_add(crc, record + (size_t)i * 512, 260);
	crc = crc32c_add(crc, record + (size_t)count * 512, writer.length);
	put32(record + 32, crc32c_end(crc));
}

/* Writes the record and goes on behind it. Returns its position. */
static uint64_t record(void)
{
	uint32_t blocks = headers() + (writer.length + 511) / 512;
	uint8_t *bytes = calloc(blocks, 512);
	uint64_t at = here();

	pack(bytes, blocks);
	for (uint32_t i = 0; i < blocks; i++)
		memcpy(ring + (size_t)((writer.block + i) % RING_BLOCKS) * 512,
			bytes + (size_t)i * 512, 512);
	writer.block += blocks;
	if (writer.block >= RING_BLOCKS) {
		writer.block -= RING_BLOCKS;
		writer.cycle++;
	}
	writer.operations = writer.length = 0;
	free(bytes);
	return at;
}

static void unmount(void)
{
	operation(7, UNMOUNT, "Unmount ", 8);
	writer.tail = here();
	record();
}

/* ---- items ----------------------------------------------------------------------------------- */

/* A buffer at a block of 512 bytes; its chunks from `first` on get `byte`. */
static void buffer(uint32_t number, uint64_t block, uint32_t sectors, uint32_t flags,
	uint32_t first, uint32_t chunks, uint8_t byte)
{
	uint8_t format[28] = {0}, bytes[4096];

	put16(format, 0x123c);
	put16(format + 2, chunks ? 2 : 1);
	put16(format + 4, flags);
	put16(format + 6, sectors);
	put64(format + 8, block);
	put32(format + 16, 1);
	put32(format + 20, ((chunks == 32 ? 0 : 1U << chunks) - 1U) << first);
	operation(number, 0, format, sizeof(format));
	memset(bytes, byte, sizeof(bytes));
	if (chunks)
		operation(number, 0, bytes, chunks * 128);
}

static void inode_format(uint32_t number, uint32_t regions, uint32_t fields, uint64_t at, bool old)
{
	uint8_t format[56] = {0};
	size_t less = old ? 4 : 0;

	put16(format, 0x123b);
	put16(format + 2, regions);
	put32(format + 4, fields);
	put64(format + 40 - less, at / BLOCK * (BLOCK / 512));
	put32(format + 48 - less, BLOCK / 512);
	put32(format + 52 - less, (uint32_t)(at % BLOCK));
	operation(number, 0, format, (uint32_t)(sizeof(format) - less));
}

static void make_core(uint8_t core[176], uint8_t version, uint64_t size, uint8_t format)
{
	memset(core, 0, 176);
	put16(core, 0x494e);
	put16(core + 2, 0100644);
	core[4] = version;
	core[5] = format;
	put32(core + 40, 1000); /* time: seconds, nanoseconds */
	put32(core + 44, 5);
	put64(core + 56, size);
	put32(core + 76, 1); /* extents */
	put32(core + 92, 77);
}

static void disk_inode(uint64_t at, uint8_t version, uint64_t lsn, uint16_t flushes)
{
	volume[at] = 'I';
	volume[at + 1] = 'N';
	volume[at + 4] = version;
	volume[at + 30] = (uint8_t)(flushes >> 8);
	volume[at + 31] = (uint8_t)flushes;
	if (version == 3)
		put64(volume + at + 112, htobe64(lsn));
}

/* ---- reading --------------------------------------------------------------------------------- */

static struct reading {
	struct arena arena;
	struct xfs_log log;
	struct xfs_recovery recovery;
	struct err err;
} reading;

static int find_ends(void)
{
	arena_done(&reading.arena);
	xfs_log_done(&reading.log);
	reading = (struct reading){.log = {.blocks = RING_BLOCKS, .v5 = writer.v5}};
	arena_init(&reading.arena, 8 << 20);
	reading.log.dev = blockdev_on_memory(ring, RING);
	return xfs_log_find_ends(&reading.log, &reading.err);
}

static int recover(void)
{
	static struct blockdev dev;
	struct xfs_recovery_source source = {
		.dev = &dev,
		.block_size = BLOCK,
		.inode_size = INODE,
		.ag_blocks = VOLUME / BLOCK,
		.ag_count = 1,
		.v5 = writer.v5,
		.arena = &reading.arena,
	};
	int r = find_ends();

	dev = blockdev_on_memory(volume, VOLUME);
	return r == 1 ? xfs_recover(&reading.log, &source, &reading.recovery, &reading.err) : r;
}

static uint8_t byte_at(uint64_t offset)
{
	struct blockdev dev = overlay_blockdev(&reading.recovery.overlay);
	uint8_t byte = 0;

	assert_int_equal(blockdev_read(&dev, offset, &byte, 1), 0);
	return byte;
}

static uint64_t number_at(uint64_t offset, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value = value << 8 | byte_at(offset + i);
	return value;
}

static int end(void **state)
{
	(void)state;
	arena_done(&reading.arena);
	xfs_log_done(&reading.log);
	return 0;
}

/* One transaction that sets the first chunk of a block. */
static void change(uint32_t number, uint64_t block, uint8_t byte)
{
	begin(number);
	buffer(number, block, 8, 0, 0, 1, byte);
	commit(number);
}

/* ---- the ring -------------------------------------------------------------------------------- */

static void takes_an_unmount_for_clean(void **state)
{
	(void)state;
	for (uint32_t version = 1; version <= 2; version++) {
		start(version == 2, version, 32768);
		change(1, 80, 0xa1);
		record();
		unmount();
		assert_int_equal(recover(), 0);
		assert_int_equal(reading.log.head, writer.block);
		assert_int_equal(reading.recovery.overlay.count, 0);
	}
}

static void replays_what_stands_between_tail_and_head(void **state)
{
	(void)state;
	for (uint32_t version = 1; version <= 2; version++) {
		start(version == 2, version, 32768);
		change(1, 80, 0xa1);
		record();
		writer.tail = here();
		change(2, 88, 0xb2);
		record();
		assert_int_equal(recover(), 0);
		assert_int_equal(reading.recovery.transactions, 1);
		assert_int_equal(
			byte_at(80 * 512), 0); /* before the tail: on the disk long since */
		assert_int_equal(byte_at(88 * 512 + 127), 0xb2);
		assert_int_equal(byte_at(88 * 512 + 128), 0);
	}
}

/* Fills rounds of the ring, so that records lie over its end at many places. */
static void follows_the_ring_round_its_end(void **state)
{
	uint64_t positions[16] = {0};

	(void)state;
	start(true, 2, 32768);
	for (uint32_t i = 0; i < 2000; i++) {
		positions[i % 16] = here();
		writer.tail = positions[(i + 6) % 16];
		change(i, 80 + 8 * (i % 16), (uint8_t)i);
		for (uint32_t more = 0; more < i % 5; more++)
			change(10000 + more, 400, (uint8_t)i);
		record();
		if (i < 20 || i % 37)
			continue;
		assert_int_equal(recover(), 0);
		assert_int_equal(reading.log.head, writer.block);
		assert_int_equal(byte_at((80 + 8 * (i % 16)) * 512), (uint8_t)i);
		assert_int_equal(byte_at((80 + 8 * ((i + 7) % 16)) * 512), (uint8_t)(i - 9));
	}
}

static void ends_the_log_before_a_record_that_is_not_whole(void **state)
{
	uint32_t torn, blocks;
	uint8_t kept[512];

	(void)state;
	start(true, 2, 32768);
	change(1, 80, 0xa1);
	record();
	torn = writer.block;
	begin(2);
	buffer(2, 88, 8, 0, 0, 32, 0xb2);
	commit(2);
	record();
	blocks = writer.block - torn;
	assert_true(blocks > 4);
	for (uint32_t i = 0; i < blocks; i++) {
		uint8_t *at = ring + (size_t)(torn + i) * 512;

		memcpy(kept, at, sizeof(kept));
		memset(at, 0, sizeof(kept)); /* never written */
		assert_int_equal(recover(), 0);
		assert_int_equal(reading.log.head, torn);
		assert_int_equal(reading.recovery.transactions, 1);
		memcpy(at, kept, sizeof(kept));
		at[200] ^= 1; /* damaged: the checksum tells */
		if (i + 1 < blocks) {
			assert_int_equal(recover(), 0);
			assert_int_equal(reading.recovery.transactions, 1);
		}
		at[200] ^= 1;
	}
	assert_int_equal(recover(), 0);
	assert_int_equal(reading.recovery.transactions, 2);
}

/* Records are written side by side: a later one can be there without an earlier one. */
static void believes_nothing_behind_a_hole(void **state)
{
	uint32_t hole, behind;

	(void)state;
	start(true, 2, 32768);
	for (uint32_t i = 0; i < 700; i++) {
		change(i, 80, (uint8_t)i);
		writer.tail = here();
		record();
	}
	hole = writer.block;
	change(1000, 80, 0xee);
	record();
	behind = writer.block;
	change(1001, 88, 0xff);
	record();
	memset(ring + (size_t)hole * 512, 0, (size_t)(behind - hole) * 512);
	assert_int_equal(recover(), 0);
	assert_int_equal(reading.log.head, hole);
	assert_int_equal(byte_at(88 * 512), 0);
	assert_int_equal(byte_at(80 * 512), (uint8_t)699);
}

static void reads_records_with_further_headers(void **state)
{
	static const uint32_t sizes[] = {65536, 131072, 262144};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		start(true, 2, sizes[i]);
		begin(1);
		/* Blocks 128 to 176: as much as a record holds. */
		for (uint32_t block = 0; block < sizes[i] / 6000; block++)
			buffer(1, 1024 + 8 * block, 8, 0, 0, 32, (uint8_t)(block + 1));
		commit(1);
		record();
		assert_int_equal(recover(), 0);
		for (uint32_t block = 0; block < sizes[i] / 6000; block++) {
			for (uint32_t at = 0; at < 4096; at += 128)
				assert_int_equal(byte_at((1024 + 8 * block) * 512 + at),
					(uint8_t)(block + 1));
		}
	}
}

static void joins_regions_that_go_over_records(void **state)
{
	uint8_t header[16] = {0}, format[28] = {0}, bytes[4096];

	(void)state;
	start(true, 2, 32768);
	put32(header, 0x5452414e);
	put16(format, 0x123c);
	put16(format + 2, 2);
	put16(format + 6, 8);
	put64(format + 8, 80);
	put32(format + 16, 1);
	put32(format + 20, 0xffffffff);
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i / 16);
	operation(5, START, NULL, 0);
	operation(5, CONTINUE, header, 7);
	record();
	operation(5, CONTINUED, header + 7, 9);
	operation(5, CONTINUE, format, 12);
	record();
	operation(5, CONTINUED, format + 12, 16);
	operation(5, CONTINUE, bytes, 100);
	change(6, 160, 0x66); /* another one in between */
	record();
	operation(5, CONTINUED | CONTINUE, bytes + 100, 3000);
	record();
	operation(5, CONTINUED | 0x10, bytes + 3100, 996);
	commit(5);
	record();
	assert_int_equal(recover(), 0);
	assert_int_equal(reading.recovery.transactions, 2);
	for (unsigned i = 0; i < sizeof(bytes); i++)
		assert_int_equal(byte_at(80 * 512 + i), (uint8_t)(i / 16));
	assert_int_equal(byte_at(160 * 512), 0x66);
}

static void forgets_transactions_without_their_start_or_end(void **state)
{
	(void)state;
	start(true, 2, 32768);
	begin(1);
	buffer(1, 80, 8, 0, 0, 1, 0xa1);
	record();
	writer.tail = here();
	commit(1);
	begin(2);
	buffer(2, 88, 8, 0, 0, 1, 0xb2);
	record();
	assert_int_equal(recover(), 0);
	assert_int_equal(reading.recovery.transactions, 0);
	assert_int_equal(reading.recovery.overlay.count, 0);
}

static void names_what_it_cannot_replay(void **state)
{
	static const uint8_t foreign[4] = {0xff, 0x13, 1, 0};

	(void)state;
	start(true, 2, 32768);
	begin(1);
	operation(1, 0, foreign, sizeof(foreign));
	commit(1);
	record();
	assert_int_equal(recover(), -ENOTSUP);
	assert_string_equal(reading.err.text, "it has items of unknown type 0x13ff");
	start(true, 2, 32768);
	change(1, 80, 1);
	record();
	ring[304] ^= 1; /* UUID */
	ring[32] = ring[33] = ring[34] = ring[35] = 0;
	assert_int_equal(recover(), -EUCLEAN);
	assert_string_equal(reading.err.text, "it belongs to another file system");
	ring[304] ^= 1;
	ring[303] = 2; /* format */
	assert_int_equal(recover(), -ENOTSUP);
	start(true, 2, 32768);
	for (uint32_t i = 0; i < 30; i++) {
		change(1, 80, 1);
		record();
	}
	ring[5 * 512 * 2 + 100] ^= 1;
	assert_int_equal(recover(), -EUCLEAN);
	assert_non_null(strstr(reading.err.text, "no whole record in its block"));
}

static void sees_that_a_writer_went_on(void **state)
{
	(void)state;
	start(true, 2, 32768);
	change(1, 80, 1);
	record();
	assert_int_equal(find_ends(), 1);
	assert_int_equal(witness_changed(&reading.log.at_head), 0);
	change(2, 80, 1);
	record();
	assert_int_equal(witness_changed(&reading.log.at_head), 1);
}

/* ---- items ----------------------------------------------------------------------------------- */

static void replays_no_buffer_that_was_freed_later(void **state)
{
	(void)state;
	start(true, 2, 32768);
	change(1, 80, 0xa1);
	begin(2);
	buffer(2, 80, 8, 2, 0, 0, 0); /* freed */
	commit(2);
	change(3, 88, 0xb1);
	begin(4);
	buffer(4, 88, 8, 2, 0, 0, 0);
	commit(4);
	change(5, 88, 0xb2); /* used again */
	begin(6);
	buffer(6, 80, 16, 2, 0, 0, 0); /* another buffer that begins there */
	commit(6);
	record();
	assert_int_equal(recover(), 0);
	assert_int_equal(byte_at(80 * 512), 0);
	assert_int_equal(byte_at(88 * 512), 0xb2);
	assert_int_equal(reading.recovery.overlay.count, 1);
}

static void leaves_blocks_alone_that_are_as_new(void **state)
{
	uint64_t lsn;

	(void)state;
	for (int newer = -1; newer <= 1; newer++) {
		start(true, 2, 32768);
		change(1, 400, 1);
		record();
		lsn = here();
		memcpy(volume + 80 * 512, "XDD3", 4);
		put64(volume + 80 * 512 + 16, htobe64(lsn + (uint64_t)(int64_t)newer));
		begin(2);
		buffer(2, 80, 8, 0, 1, 1, 0xb2);
		commit(2);
		record();
		assert_int_equal(recover(), 0);
		assert_int_equal(byte_at(80 * 512 + 128), newer < 0 ? 0xb2 : 0);
		volume[80 * 512 + 24] = 1; /* of another file system: says nothing */
		assert_int_equal(recover(), 0);
		assert_int_equal(byte_at(80 * 512 + 128), 0xb2);
		volume[80 * 512 + 24] = 0;
		writer.v5 = false; /* version 4 has no positions in blocks */
		assert_int_equal(recover(), 0);
		assert_int_equal(byte_at(80 * 512 + 128), 0xb2);
	}
}

static void takes_an_inode_of_either_version(void **state)
{
	uint8_t core[176], fork[16];

	(void)state;
	memset(fork, 0x5a, sizeof(fork));
	for (uint8_t version = 2; version <= 3; version++) {
		for (int old = 0; old <= 1; old++) {
			uint32_t at = 10 * BLOCK + INODE, size = version == 3 ? 176 : 96;

			start(version == 3, 2, 32768);
			disk_inode(at, version, 0, 0);
			make_core(core, version, 0x1122334455, 2);
			begin(1);
			inode_format(1, 3, 1 | 4, at, old);
			operation(1, 0, core, size);
			operation(1, 0, fork, sizeof(fork));
			commit(1);
			record();
			assert_int_equal(recover(), 0);
			assert_int_equal(number_at(at, 2), 0x494e);
			assert_int_equal(number_at(at + 2, 2), 0100644);
			assert_int_equal(number_at(at + 40, 4), 1000);
			assert_int_equal(number_at(at + 44, 4), 5);
			assert_int_equal(number_at(at + 56, 8), 0x1122334455);
			assert_int_equal(number_at(at + 76, 4), 1);
			assert_int_equal(number_at(at + 92, 4), 77);
			assert_int_equal(number_at(at + (version == 3 ? 176 : 100), 2), 0x5a5a);
		}
	}
}

static void reads_big_times_and_counts(void **state)
{
	uint8_t core[176];
	uint32_t at = 10 * BLOCK;

	(void)state;
	start(true, 2, 32768);
	disk_inode(at, 3, 0, 0);
	make_core(core, 3, 1, 2);
	put64(core + 24, 0x1234567890);
	put64(core + 40, 0x1020304050607080);
	put64(core + 120, 8 | 0x10);
	begin(1);
	inode_format(1, 2, 1, at, false);
	operation(1, 0, core, sizeof(core));
	commit(1);
	record();
	assert_int_equal(recover(), 0);
	assert_int_equal(number_at(at + 24, 8), 0x1234567890);
	assert_int_equal(number_at(at + 40, 8), 0x1020304050607080);
	assert_int_equal(number_at(at + 120, 8), 0x18);
}

static bool inode_is_taken(uint8_t version, uint64_t lsn, uint16_t written, uint16_t logged)
{
	uint8_t core[176];
	uint32_t at = 10 * BLOCK;

	start(version == 3, 2, 32768);
	change(1, 400, 1);
	record();
	disk_inode(at, version, lsn == UINT64_MAX ? lsn : here() + lsn, written);
	make_core(core, version, 99, 2);
	put16(core + 30, logged);
	begin(2);
	inode_format(2, 2, 1, at, false);
	operation(2, 0, core, version == 3 ? 176 : 96);
	commit(2);
	record();
	assert_int_equal(recover(), 0);
	return number_at(at + 56, 8) == 99;
}

static void leaves_inodes_alone_that_are_newer(void **state)
{
	(void)state;
	assert_true(inode_is_taken(3, 0, 0, 0));
	assert_true(inode_is_taken(3, UINT64_MAX, 0, 0));
	assert_false(inode_is_taken(3, 1, 0, 0));
	assert_true(inode_is_taken(2, 0, 5, 5));
	assert_true(inode_is_taken(2, 0, 5, 6));
	assert_false(inode_is_taken(2, 0, 6, 5));
	assert_true(inode_is_taken(2, 0, 65535, 3)); /* the count started over */
}

static void makes_the_root_of_a_map_fit_its_inode(void **state)
{
	uint8_t core[176], root[72 + 16 * 3] = {0};
	uint32_t at = 10 * BLOCK, room = (INODE - 176 - 4) / 16;

	(void)state;
	start(true, 2, 32768);
	disk_inode(at, 3, 0, 0);
	make_core(core, 3, 99, 3);
	root[5] = 1; /* level */
	root[7] = 2; /* count */
	put64(root + 72, htobe64(11));
	put64(root + 80, htobe64(22));
	put64(root + 72 + 24, htobe64(111));
	put64(root + 72 + 32, htobe64(222));
	begin(1);
	inode_format(1, 3, 1 | 8, at, false);
	operation(1, 0, core, sizeof(core));
	operation(1, 0, root, sizeof(root));
	commit(1);
	record();
	assert_int_equal(recover(), 0);
	assert_int_equal(number_at(at + 176, 4), 1 << 16 | 2);
	assert_int_equal(number_at(at + 180, 8), 11);
	assert_int_equal(number_at(at + 188, 8), 22);
	assert_int_equal(number_at(at + 180 + 8 * room, 8), 111);
	assert_int_equal(number_at(at + 188 + 8 * room, 8), 222);
}

static void makes_new_inodes_and_those_in_them(void **state)
{
	uint8_t core[176], item[28] = {0};
	uint32_t at = 32 * BLOCK + 3 * INODE;

	(void)state;
	start(true, 2, 32768);
	make_core(core, 3, 99, 2);
	put16(item, 0x123f);
	put16(item + 2, 1);
	put32be(item + 8, 32);  /* block */
	put32be(item + 12, 64); /* inodes */
	put32be(item + 16, INODE);
	put32be(item + 20, 8); /* blocks */
	begin(1);
	inode_format(1, 2, 1, at, false); /* stands in front of the item that makes it */
	operation(1, 0, core, sizeof(core));
	operation(1, 0, item, sizeof(item));
	commit(1);
	record();
	assert_int_equal(recover(), 0);
	assert_int_equal(number_at(at + 56, 8), 99);
	assert_int_equal(number_at(32 * BLOCK + 63 * INODE, 2), 0x494e);
	assert_int_equal(number_at(40 * BLOCK, 2), 0);
	begin(2);
	buffer(2, 33 * 8, 8, 2, 0, 0, 0);
	commit(2);
	inode_format(3, 0, 0, 0, false);
	record();
	assert_int_equal(recover(), -EUCLEAN); /* the inodes are gone, and so is the one in them */
}

/* An announced change of file 131's map. */
static void announce(uint32_t number, uint64_t id, uint32_t kind, uint64_t from, uint32_t count)
{
	uint8_t item[16 + 32] = {0};

	put16(item, 0x1244);
	put16(item + 2, 1);
	put32(item + 4, 1);
	put64(item + 8, id);
	put64(item + 16, 131);
	put64(item + 24, 5000);
	put64(item + 32, from);
	put32(item + 40, count);
	put32(item + 44, kind);
	begin(number);
	operation(number, 0, item, sizeof(item));
	commit(number);
}

static void done(uint32_t number, uint32_t type, uint64_t id)
{
	uint8_t item[16] = {0};

	put16(item, type);
	put16(item + 2, 1);
	put64(item + 8, id);
	begin(number);
	operation(number, 0, item, sizeof(item));
	commit(number);
}

static void remembers_changes_that_were_announced_only(void **state)
{
	uint8_t swap[88] = {0};

	(void)state;
	start(true, 2, 32768);
	announce(1, 700, 2, 10, 5);
	announce(2, 701, 1, 10, 5);
	done(3, 0x1245, 700);
	announce(4, 700, 1 | 1U << 30, 20, 1); /* the number is used again */
	announce(5, 702, 1, 30, 1);
	done(6, 0x1245, 702);
	put16(swap, 0x1248);
	put16(swap + 2, 1);
	put64(swap + 8, 703);
	put64(swap + 16, 140);
	put64(swap + 24, 141);
	begin(7);
	operation(7, 0, swap, sizeof(swap));
	commit(7);
	done(8, 0x1245, 703); /* the end of another kind */
	record();
	assert_int_equal(recover(), 0);
	assert_int_equal(reading.recovery.n_promises, 4);
	assert_int_equal(reading.recovery.promises[0].kind, XFS_PROMISE_MAP);
	assert_int_equal(reading.recovery.promises[0].start, 10);
	assert_int_equal(reading.recovery.promises[0].block, 5000);
	assert_true(reading.recovery.promises[1].unwritten);
	assert_int_equal(reading.recovery.promises[2].kind, XFS_PROMISE_SWAP);
	assert_int_equal(reading.recovery.promises[3].ino, 141);
	done(9, 0x1249, 703);
	record();
	assert_int_equal(recover(), 0);
	assert_int_equal(reading.recovery.n_promises, 2);
}

static void says_when_the_memory_is_too_small(void **state)
{
	(void)state;
	start(true, 2, 262144);
	begin(1);
	for (uint32_t block = 0; block < 40; block++)
		buffer(1, 8 * block, 8, 0, 0, 32, 1);
	commit(1);
	record();
	assert_int_equal(recover(), 0);
	assert_int_equal(find_ends(), 1);
	reading.arena.limit = reading.arena.used + 2 * 39 * BLOCK;
	{
		struct blockdev dev = blockdev_on_memory(volume, VOLUME);
		struct xfs_recovery_source source = {.dev = &dev,
			.block_size = BLOCK,
			.inode_size = INODE,
			.v5 = true,
			.arena = &reading.arena};

		assert_int_equal(
			xfs_recover(&reading.log, &source, &reading.recovery, &reading.err),
			-ENOMEM);
	}
	assert_string_equal(reading.err.text, "its changes need more memory (inspect-memory)");
}

/* Whatever byte of a record changes, in a log without checksums: an answer, no crash. */
static void survives_every_byte_changed(void **state)
{
	static const uint8_t flips[] = {0x01, 0x80, 0xff};
	uint8_t core[176];
	uint32_t bytes;

	(void)state;
	start(false, 2, 32768);
	disk_inode(20 * BLOCK, 2, 0, 0);
	make_core(core, 2, 99, 2);
	change(1, 80, 0xa1);
	announce(2, 700, 1, 10, 5);
	begin(3);
	inode_format(3, 2, 1, 20 * BLOCK, false);
	operation(3, 0, core, 96);
	commit(3);
	record();
	bytes = writer.block * 512;
	for (uint32_t at = 0; at < bytes; at++) {
		for (unsigned i = 0; i < ARRAY_SIZE(flips); i++) {
			ring[at] ^= flips[i];
			(void)recover();
			ring[at] ^= flips[i];
		}
	}
	assert_int_equal(recover(), 0);
	assert_int_equal(reading.recovery.transactions, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_an_unmount_for_clean),
		cmocka_unit_test(replays_what_stands_between_tail_and_head),
		cmocka_unit_test(follows_the_ring_round_its_end),
		cmocka_unit_test(ends_the_log_before_a_record_that_is_not_whole),
		cmocka_unit_test(believes_nothing_behind_a_hole),
		cmocka_unit_test(reads_records_with_further_headers),
		cmocka_unit_test(joins_regions_that_go_over_records),
		cmocka_unit_test(forgets_transactions_without_their_start_or_end),
		cmocka_unit_test(names_what_it_cannot_replay),
		cmocka_unit_test(sees_that_a_writer_went_on),
		cmocka_unit_test(replays_no_buffer_that_was_freed_later),
		cmocka_unit_test(leaves_blocks_alone_that_are_as_new),
		cmocka_unit_test(takes_an_inode_of_either_version),
		cmocka_unit_test(reads_big_times_and_counts),
		cmocka_unit_test(leaves_inodes_alone_that_are_newer),
		cmocka_unit_test(makes_the_root_of_a_map_fit_its_inode),
		cmocka_unit_test(makes_new_inodes_and_those_in_them),
		cmocka_unit_test(remembers_changes_that_were_announced_only),
		cmocka_unit_test(says_when_the_memory_is_too_small),
		cmocka_unit_test(survives_every_byte_changed),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
