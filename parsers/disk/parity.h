/* Parity over disks: where RAID4, 5 and 6 put it, and computing a lost block out of the others. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* md's numbers (drivers/md/raid5.h); those from 8 on are of RAID6 alone. */
enum parity_layout {
	PARITY_LEFT_ASYMMETRIC = 0,
	PARITY_RIGHT_ASYMMETRIC = 1,
	PARITY_LEFT_SYMMETRIC = 2,
	PARITY_RIGHT_SYMMETRIC = 3,
	PARITY_FIRST = 4,
	PARITY_LAST = 5,
	PARITY_ZERO_RESTART = 8, /* DDF's three */
	PARITY_N_RESTART = 9,
	PARITY_N_CONTINUE = 10,
	PARITY_LEFT_ASYMMETRIC_6 = 16, /* a RAID5 with Q on one more disk, the last */
	PARITY_RIGHT_ASYMMETRIC_6 = 17,
	PARITY_LEFT_SYMMETRIC_6 = 18,
	PARITY_RIGHT_SYMMETRIC_6 = 19,
	PARITY_FIRST_6 = 20,
};

/* Is this a layout of arrays with so many parity disks, 1 or 2? */
bool parity_layout_known(uint32_t layout, uint32_t n_parity);

/* One row: a block on each disk. P is the sum of the data blocks, Q that of each times 2^e. */
struct parity_row {
	uint32_t n_disks;
	uint32_t p, q;  /* the disks that hold parity; q == n_disks: there is no Q */
	uint32_t first; /* the disk with the exponent e = 0; the others follow, going round */
	bool gaps;      /* the exponents of P's and Q's own places are left out (DDF) */
};

/*
 * The row `row` of an array, and on which disk its data block `data` lies. n_disks > n_parity,
 * data < n_disks - n_parity, a known layout.
 */
struct parity_row parity_place(uint32_t layout, uint32_t n_parity, uint32_t n_disks, uint64_t row,
	uint32_t data, uint32_t *disk);

/* Reads a part of a row's block on `disk`: 0 or negative, when the disk is missing or bad. */
typedef int parity_read(const void *context, uint32_t disk, uint64_t offset, void *buf, size_t len);

/*
 * Computes the bytes [offset, offset + len) of the data block on `disk` without reading that disk.
 * -EIO: more blocks are lost than there is parity.
 */
int parity_recover(const struct parity_row *row, uint32_t disk, parity_read *read,
	const void *context, uint64_t offset, void *buf, size_t len) MUST_CHECK;
