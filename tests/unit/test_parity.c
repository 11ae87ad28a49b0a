/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/parity.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_DISKS_HERE = 8, LENGTH = 5000 };

static const uint32_t layouts[] = {0, 1, 2, 3, 4, 5, 8, 9, 10, 16, 17, 18, 19, 20};

/* A row of blocks, some of them lost. */
struct blocks {
	uint8_t bytes[MAX_DISKS_HERE][LENGTH];
	bool lost[MAX_DISKS_HERE];
};

static int read_block(const void *context, uint32_t disk, uint64_t offset, void *buf, size_t len)
{
	const struct blocks *blocks = context;

	assert_true(disk < MAX_DISKS_HERE && offset + len <= LENGTH);
	if (blocks->lost[disk])
		return -EIO;
	memcpy(buf, blocks->bytes[disk] + offset, len);
	return 0;
}

/* a * 2^n, one bit at a time. */
static uint8_t shifted(unsigned a, unsigned n)
{
	for (; n; n--) {
		a <<= 1;
		if (a > 255)
			a ^= 0x11d;
	}
	return (uint8_t)a;
}

/* Fills parity by the definition: the exponents as they are counted from row->first. */
static void fill_parity(struct blocks *blocks, const struct parity_row *row)
{
	for (size_t i = 0; i < LENGTH; i++) {
		uint8_t p = 0, q = 0;
		unsigned exponent = 0;

		for (uint32_t step = 0; step < row->n_disks; step++) {
			uint32_t at = (row->first + step) % row->n_disks;

			if (at == row->p || at == row->q) {
				exponent += row->gaps;
				continue;
			}
			p ^= blocks->bytes[at][i];
			q ^= shifted(blocks->bytes[at][i], exponent++);
		}
		blocks->bytes[row->p][i] = p;
		if (row->q < row->n_disks)
			blocks->bytes[row->q][i] = q;
	}
}

static void check_recovery(struct blocks *blocks, const struct parity_row *row, uint32_t disk,
	uint32_t other, int wanted)
{
	uint8_t got[LENGTH];

	memset(blocks->lost, 0, sizeof(blocks->lost));
	blocks->lost[disk] = blocks->lost[other] = true;
	assert_int_equal(parity_recover(row, disk, read_block, blocks, 1, got, LENGTH - 1), wanted);
	if (!wanted)
		assert_memory_equal(got, blocks->bytes[disk] + 1, LENGTH - 1);
}

/* Every data block of one row, lost alone and with each other block. */
static void check_row(uint32_t layout, uint32_t n_parity, uint32_t n, uint64_t number)
{
	struct blocks blocks;
	struct parity_row row;
	uint32_t disk;

	for (unsigned i = 0; i < sizeof(blocks.bytes); i++)
		((uint8_t *)blocks.bytes)[i] = (uint8_t)(i * 2654435761u >> 13);
	row = parity_place(layout, n_parity, n, number, 0, &disk);
	fill_parity(&blocks, &row);
	for (uint32_t data = 0; data < n - n_parity; data++) {
		row = parity_place(layout, n_parity, n, number, data, &disk);
		check_recovery(&blocks, &row, disk, disk, 0);
		for (uint32_t other = 0; other < n; other++)
			check_recovery(&blocks, &row, disk, other,
				other == disk || n_parity == 2 ? 0 : -EIO);
	}
}

static void every_lost_block_is_computed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(layouts) / sizeof(*layouts); i++) {
		for (uint32_t n_parity = 1; n_parity <= 2; n_parity++) {
			if (!parity_layout_known(layouts[i], n_parity))
				continue;
			for (uint32_t n = n_parity + 1; n <= 6; n++)
				check_row(layouts[i], n_parity, n, n + 1);
		}
	}
}

static void three_lost_blocks_are_too_many(void **state)
{
	struct blocks blocks = {0};
	struct parity_row row;
	uint32_t disk;
	char got[16];

	(void)state;
	row = parity_place(PARITY_LEFT_SYMMETRIC, 2, 6, 0, 0, &disk);
	for (unsigned i = 0; i < 3; i++)
		blocks.lost[(disk + i) % 6] = true;
	assert_int_equal(parity_recover(&row, disk, read_block, &blocks, 0, got, 16), -EIO);
}

/* No two of a row's blocks on one disk, for all rows of a round. */
static void each_block_has_a_disk_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(layouts) / sizeof(*layouts); i++) {
		for (uint32_t row = 0; row < 14; row++) {
			uint32_t seen = 0, disk;

			for (uint32_t data = 0; data < 5; data++) {
				struct parity_row at =
					parity_place(layouts[i], 2, 7, row, data, &disk);

				seen |= 1u << disk | 1u << at.p | 1u << at.q;
			}
			assert_int_equal(seen, 0x7f);
		}
	}
}

static void layouts_of_raid6_are_not_raid5s(void **state)
{
	(void)state;
	assert_true(parity_layout_known(PARITY_LAST, 1));
	assert_false(parity_layout_known(PARITY_ZERO_RESTART, 1));
	assert_false(parity_layout_known(PARITY_FIRST_6, 1));
	assert_false(parity_layout_known(6, 2));
	assert_false(parity_layout_known(11, 2));
	assert_false(parity_layout_known(21, 2));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_lost_block_is_computed),
		cmocka_unit_test(three_lost_blocks_are_too_many),
		cmocka_unit_test(each_block_has_a_disk_of_its_own),
		cmocka_unit_test(layouts_of_raid6_are_not_raid5s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
