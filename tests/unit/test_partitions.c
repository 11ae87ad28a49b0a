/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/limits.h"
#include "parsers/disk/partitions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

enum { DISK = 4 << 20, SECTORS = DISK / 512 };

static uint8_t disk[DISK];
static struct partition_table table;

static int setup(void **state)
{
	(void)state;
	memset(disk, 0, sizeof(disk));
	return 0;
}

static void put(uint64_t at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		disk[at + i] = (uint8_t)(value >> 8 * i);
}

/* Entry `slot` of the record in sector `at`; `start` as it stands there. */
static void put_entry(
	uint64_t at, unsigned slot, uint8_t flags, uint8_t type, uint32_t start, uint32_t sectors)
{
	uint64_t entry = at * 512 + 446 + 16 * slot;

	disk[entry] = flags;
	disk[entry + 4] = type;
	put(entry + 8, start, 4);
	put(entry + 12, sectors, 4);
	put(at * 512 + 510, 0xaa55, 2);
}

static int read_disk(uint64_t size)
{
	struct blockdev dev = blockdev_on_memory(disk, size);

	return partitions_read(&dev, &table);
}

static void check(uint32_t index, uint32_t number, uint64_t start, uint64_t sectors)
{
	assert_true(index < table.count);
	assert_int_equal(table.at[index].number, number);
	assert_int_equal(table.at[index].start, start * 512);
	assert_int_equal(table.at[index].size, sectors * 512);
}

static void an_empty_or_tiny_disk_has_no_table(void **state)
{
	(void)state;
	for (uint64_t size = 0; size < 2048; size += 511) {
		assert_int_equal(read_disk(size), 0);
		assert_int_equal(table.kind, TABLE_NONE);
		assert_int_equal(table.count, 0);
	}
}

static void numbers_primary_and_logical_partitions_as_linux_does(void **state)
{
	(void)state;
	put(440, 0x1234abcd, 4);
	put_entry(0, 0, 0x80, 0x83, 64, 100);
	put_entry(0, 2, 0, 0x0f, 1000, 3000);
	put_entry(0, 3, 0, 0xef, 200, 100);
	put_entry(1000, 0, 0, 0x83, 10, 90);
	put_entry(1000, 1, 0, 0x05, 500, 500);
	put_entry(1500, 0, 0x80, 0x82, 20, 80);
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.kind, TABLE_MBR);
	assert_int_equal(table.count, 4);
	check(0, 1, 64, 100);
	check(1, 4, 200, 100);
	check(2, 5, 1010, 90);
	check(3, 6, 1520, 80);
	assert_true(table.at[0].active && !table.at[1].active && table.at[3].active);
	assert_true(table.at[1].esp && !table.at[0].esp);
	assert_string_equal(table.at[0].uuid, "1234abcd-01");
	assert_string_equal(table.at[3].uuid, "1234abcd-06");
	assert_int_equal(table.oddities, 0);
}

static void a_boot_sector_is_no_table(void **state)
{
	(void)state;
	put_entry(0, 0, 0x80, 0x83, 64, 100);
	put_entry(0, 1, 'N', 'o', 0x6d656c62, 0x20656874);
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.kind, TABLE_NONE);
}

static void a_partition_past_the_end_is_cut_or_left_out(void **state)
{
	(void)state;
	put_entry(0, 0, 0, 0x83, SECTORS - 10, 100);
	put_entry(0, 1, 0, 0x83, SECTORS, 100);
	put_entry(0, 2, 0, 0x83, UINT32_MAX, UINT32_MAX);
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.count, 1);
	check(0, 1, SECTORS - 10, 10);
	assert_true(table.oddities & TABLE_CUT);
}

static void a_chain_that_loops_ends(void **state)
{
	(void)state;
	put_entry(0, 0, 0, 0x05, 1000, 3000);
	put_entry(1000, 0, 0, 0x83, 10, 90);
	put_entry(1000, 1, 0, 0x05, 500, 500);
	put_entry(1500, 0, 0, 0x83, 10, 90);
	put_entry(1500, 1, 0, 0x05, 0, 500);
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.count, 2);
	assert_true(table.oddities & TABLE_BROKEN);
	/* A record that names itself. */
	put_entry(1500, 1, 0, 0x05, 500, 500);
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.count, 2);
	assert_true(table.oddities & TABLE_BROKEN);
}

static void a_chain_may_go_back_on_the_disk(void **state)
{
	(void)state;
	put_entry(0, 0, 0, 0x05, 1000, 3000);
	put_entry(1000, 0, 0, 0x83, 10, 90);
	put_entry(1000, 1, 0, 0x05, 1500, 500);
	put_entry(2500, 0, 0, 0x83, 10, 90);
	put_entry(2500, 1, 0, 0x05, 500, 500);
	put_entry(1500, 0, 0, 0x83, 10, 90);
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.count, 3);
	check(2, 7, 1510, 90);
	assert_int_equal(table.oddities, 0);
}

static void a_chain_without_partitions_ends(void **state)
{
	(void)state;
	put_entry(0, 0, 0, 0x05, 8, SECTORS - 8);
	for (uint32_t at = 8; at + 1 < SECTORS; at++)
		put_entry(at, 1, 0, 0x05, at - 8 + 1, 1);
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.count, 0);
	assert_true(table.oddities & TABLE_BROKEN);
}

static void at_most_128_partitions_are_looked_at(void **state)
{
	(void)state;
	put_entry(0, 0, 0, 0x05, 8, SECTORS - 8);
	for (uint32_t at = 8; at + 8 < SECTORS; at += 8) {
		put_entry(at, 0, 0, 0x83, 2, 4);
		put_entry(at, 1, 0, 0x05, at - 8 + 8, 8);
	}
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.count, MAX_PARTITIONS);
	assert_int_equal(table.at[MAX_PARTITIONS - 1].number, 132);
	assert_true(table.oddities & TABLE_MANY);
}

/* A GPT whose header stands in sector `lba` and its entries (each `sector` bytes) in `entries`. */
static void put_gpt(uint64_t lba, uint64_t entries, uint32_t sector, uint32_t count)
{
	uint64_t at = lba * sector;

	put_entry(0, 0, 0, 0xee, 1, UINT32_MAX);
	memcpy(disk + at, "EFI PART", 8);
	put(at + 8, 0x10000, 4);
	put(at + 12, 92, 4);
	put(at + 24, lba, 8);
	put(at + 72, entries, 8);
	put(at + 80, count, 4);
	put(at + 84, 128, 4);
	if (count <= 1024)
		put(at + 88,
			(uint32_t)crc32(
				0, (const Bytef *)disk + entries * sector, (uInt)(count * 128)),
			4);
	put(at + 16, 0, 4);
	put(at + 16, (uint32_t)crc32(0, (const Bytef *)disk + at, 92), 4);
}

static void put_gpt_entry(uint64_t at, uint64_t first, uint64_t last, uint64_t attributes)
{
	memset(disk + at, 0x11, 16);
	for (uint8_t i = 0; i < 16; i++)
		disk[at + 16 + i] = i;
	put(at + 32, first, 8);
	put(at + 40, last, 8);
	put(at + 48, attributes, 8);
}

static void reads_a_gpt(void **state)
{
	static const uint8_t esp[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b,
		0, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};

	(void)state;
	put_gpt_entry(1024, 64, 163, 0);
	memcpy(disk + 1024, esp, 16);
	put_gpt_entry(1024 + 5 * 128, 200, 200, 4 | 1ull << 56);
	memcpy(disk + 1024 + 56, "U\0S\0R\0-\0\xe4\0", 10);
	memset(disk + 1024 + 5 * 128 + 56, 'x', 72); /* no 0 at its end */
	put_gpt(1, 2, 512, 128);
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.kind, TABLE_GPT);
	assert_string_equal(table.at[0].label, "USR-\xc3\xa4");
	assert_string_equal(table.at[0].type, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
	assert_int_equal(strlen(table.at[1].label), 3 * GPT_NAME_UNITS);
	assert_true(table.at[1].attributes == (4 | 1ull << 56));
	assert_string_equal(table.disk_uuid, "00000000-0000-0000-0000-000000000000");
	assert_int_equal(table.count, 2);
	check(0, 1, 64, 100);
	check(1, 6, 200, 1);
	assert_true(table.at[0].esp && !table.at[0].active);
	assert_true(table.at[1].active && !table.at[1].esp);
	assert_string_equal(table.at[1].uuid, "03020100-0504-0706-0809-0a0b0c0d0e0f");
	assert_int_equal(table.oddities, 0);
	assert_int_equal(table.sector_size, 512);
}

static void reads_a_gpt_of_4096_byte_sectors(void **state)
{
	(void)state;
	put_gpt_entry(2 * 4096, 16, 17, 0);
	put_gpt(1, 2, 4096, 128);
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.kind, TABLE_GPT);
	assert_int_equal(table.sector_size, 4096);
	check(0, 1, 128, 16);
}

static void a_damaged_gpt_is_read_from_its_backup(void **state)
{
	(void)state;
	put_gpt_entry(1024, 64, 163, 0);
	put_gpt_entry((SECTORS - 33) * 512, 300, 309, 0);
	put_gpt(1, 2, 512, 128);
	put_gpt(SECTORS - 1, SECTORS - 33, 512, 128);
	disk[1024 + 40]++; /* the first table's last sector: 164 */
	assert_int_equal(read_disk(DISK), 0);
	check(0, 1, 300, 10);
	assert_int_equal(table.oddities, TABLE_BACKUP);
	/* With the backup damaged too, the first one is read as GRUB does. */
	disk[(SECTORS - 33) * 512 + 40]++;
	assert_int_equal(read_disk(DISK), 0);
	check(0, 1, 64, 101);
	assert_int_equal(table.oddities, TABLE_CHECKSUM);
	/* Without any first one, only a backup that is right counts. */
	memset(disk + 512, 0, 8);
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.kind, TABLE_NONE);
}

static void absurd_gpt_numbers_are_no_harm(void **state)
{
	static const struct {
		unsigned at, bytes;
		uint64_t value;
	} absurd[] = {
		{80, 4, UINT32_MAX},
		{84, 4, UINT32_MAX},
		{84, 4, 0},
		{84, 4, 4097},
		{80, 4, 0},
		{72, 8, UINT64_MAX},
		{72, 8, UINT64_MAX / 512},
		{12, 4, UINT32_MAX},
		{12, 4, 0},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(absurd); i++) {
		setup(state);
		put_gpt_entry(1024, 64, 163, 0);
		put_gpt(1, 2, 512, 128);
		put(512 + absurd[i].at, absurd[i].value, absurd[i].bytes);
		assert_int_equal(read_disk(DISK), 0);
		assert_true(table.count <= 1);
	}
}

static void absurd_gpt_entries_are_left_out(void **state)
{
	(void)state;
	put_gpt_entry(1024, 200, 199, 0);
	put_gpt_entry(1024 + 128, 0, UINT64_MAX, 0);
	put_gpt_entry(1024 + 256, UINT64_MAX, UINT64_MAX, 0);
	put_gpt_entry(1024 + 384, SECTORS - 1, UINT64_MAX / 1024, 0);
	put_gpt(1, 2, 512, 128);
	assert_int_equal(read_disk(DISK), 0);
	assert_int_equal(table.count, 1);
	check(0, 4, SECTORS - 1, 1);
	assert_int_equal(table.oddities, TABLE_BROKEN | TABLE_CUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_empty_or_tiny_disk_has_no_table, setup),
		cmocka_unit_test_setup(numbers_primary_and_logical_partitions_as_linux_does, setup),
		cmocka_unit_test_setup(a_boot_sector_is_no_table, setup),
		cmocka_unit_test_setup(a_partition_past_the_end_is_cut_or_left_out, setup),
		cmocka_unit_test_setup(a_chain_that_loops_ends, setup),
		cmocka_unit_test_setup(a_chain_may_go_back_on_the_disk, setup),
		cmocka_unit_test_setup(a_chain_without_partitions_ends, setup),
		cmocka_unit_test_setup(at_most_128_partitions_are_looked_at, setup),
		cmocka_unit_test_setup(reads_a_gpt, setup),
		cmocka_unit_test_setup(reads_a_gpt_of_4096_byte_sectors, setup),
		cmocka_unit_test_setup(a_damaged_gpt_is_read_from_its_backup, setup),
		cmocka_unit_test_setup(absurd_gpt_numbers_are_no_harm, setup),
		cmocka_unit_test_setup(absurd_gpt_entries_are_left_out, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
