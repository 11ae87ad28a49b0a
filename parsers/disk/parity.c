/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/parity.h"

#include "core/checked.h"

#include <errno.h>
#include <string.h>

enum {
	PIECE = 4096,        /* bytes computed at once */
	POLYNOMIAL = 0x11d,  /* of GF(2^8), as in lib/raid6 of Linux */
	GROUP_ORDER = 255,   /* 2^255 = 1 there */
	NO_DISK = UINT16_MAX /* more than an array has */
};

bool parity_layout_known(uint32_t layout, uint32_t n_parity)
{
	if (layout <= PARITY_LAST)
		return true;
	return n_parity == 2 &&
	       ((layout >= PARITY_ZERO_RESTART && layout <= PARITY_N_CONTINUE) ||
		       (layout >= PARITY_LEFT_ASYMMETRIC_6 && layout <= PARITY_FIRST_6));
}

/*
 * RAID5, P goes round over `n` disks (raid5_compute_sector() of Linux). With four disks:
 *
 *   left asymmetric   left symmetric    right asymmetric  right symmetric
 *   D0 D1 D2 P        D0 D1 D2 P        P  D0 D1 D2       P  D0 D1 D2
 *   D3 D4 P  D5       D4 D5 P  D3       D3 P  D4 D5       D5 P  D3 D4
 */
static void place_5(
	uint32_t layout, uint32_t n, uint64_t row, struct parity_row *ret, uint32_t *disk)
{
	bool left = layout == PARITY_LEFT_ASYMMETRIC || layout == PARITY_LEFT_SYMMETRIC;
	uint32_t turn = (uint32_t)(row % n);

	ret->p = left ? n - 1 - turn : turn;
	if (layout == PARITY_FIRST || layout == PARITY_LAST)
		ret->p = layout == PARITY_FIRST ? 0 : n - 1;
	if (layout == PARITY_LEFT_SYMMETRIC || layout == PARITY_RIGHT_SYMMETRIC)
		*disk = (ret->p + 1 + *disk) % n;
	else if (*disk >= ret->p)
		++*disk;
}

/* RAID6 where Q stands behind P and goes round with it; DDF's N continue has it in front. */
static void place_6(
	uint32_t layout, uint32_t n, uint64_t row, struct parity_row *ret, uint32_t *disk)
{
	bool right = layout == PARITY_RIGHT_ASYMMETRIC || layout == PARITY_RIGHT_SYMMETRIC ||
		     layout == PARITY_ZERO_RESTART;
	uint32_t turn = (uint32_t)((row + (layout == PARITY_N_RESTART)) % n);

	ret->p = right ? turn : n - 1 - turn;
	if (layout == PARITY_FIRST || layout == PARITY_LAST)
		ret->p = layout == PARITY_FIRST ? 0 : n - 2;
	ret->q = (ret->p + 1) % n;
	if (layout == PARITY_N_CONTINUE) {
		ret->q = (ret->p + n - 1) % n;
		*disk = (ret->p + 1 + *disk) % n;
	} else if (layout == PARITY_LEFT_SYMMETRIC || layout == PARITY_RIGHT_SYMMETRIC) {
		*disk = (ret->p + 2 + *disk) % n;
	} else if (ret->q == 0) {
		++*disk;
	} else if (*disk >= ret->p) {
		*disk += 2;
	}
}

struct parity_row parity_place(uint32_t layout, uint32_t n_parity, uint32_t n_disks, uint64_t row,
	uint32_t data, uint32_t *disk)
{
	struct parity_row ret = {.n_disks = n_disks, .q = n_disks};

	*disk = data;
	if (n_parity == 1) {
		place_5(layout, n_disks, row, &ret, disk);
		return ret;
	}
	if (layout >= PARITY_LEFT_ASYMMETRIC_6) {
		place_5(layout - PARITY_LEFT_ASYMMETRIC_6, n_disks - 1, row, &ret, disk);
		ret.q = n_disks - 1;
	} else {
		place_6(layout, n_disks, row, &ret, disk);
	}
	ret.gaps = layout >= PARITY_ZERO_RESTART && layout <= PARITY_N_CONTINUE;
	ret.first = ret.gaps ? 0 : (ret.q + 1) % n_disks;
	return ret;
}

static uint8_t twice(uint8_t value)
{
	return (uint8_t)(value << 1 ^ (value & 0x80 ? POLYNOMIAL : 0));
}

static uint8_t multiply(uint8_t a, uint8_t b)
{
	uint8_t product = 0;

	for (; b; b >>= 1, a = twice(a))
		product ^= b & 1 ? a : 0;
	return product;
}

static uint8_t power_of_2(uint32_t exponent)
{
	uint8_t value = 1;

	for (exponent %= GROUP_ORDER; exponent; exponent--)
		value = twice(value);
	return value;
}

/* 1 / a: a^254. */
static uint8_t inverse(uint8_t a)
{
	uint8_t value = 1;

	for (unsigned i = 0; i < GROUP_ORDER - 1; i++)
		value = multiply(value, a);
	return value;
}

static void scale(uint8_t *bytes, size_t len, uint8_t factor)
{
	uint8_t table[256];

	for (unsigned i = 0; i < sizeof(table); i++)
		table[i] = multiply((uint8_t)i, factor);
	for (size_t i = 0; i < len; i++)
		bytes[i] = table[bytes[i]];
}

static void add(uint8_t *to, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] ^= bytes[i];
}

static void double_all(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = twice(bytes[i]);
}

static bool is_parity(const struct parity_row *row, uint32_t disk)
{
	return disk == row->p || disk == row->q;
}

static uint32_t exponent_of(const struct parity_row *row, uint32_t disk)
{
	uint32_t exponent = 0;

	for (uint32_t at = row->first; at != disk; at = (at + 1) % row->n_disks)
		exponent += row->gaps || !is_parity(row, at);
	return exponent;
}

/* A piece of a row while a block of it is computed. */
struct recovery {
	const struct parity_row *row;
	uint32_t disk, other; /* the lost data blocks; `other` NO_DISK: only the first */
	uint64_t offset;
	size_t len;
	uint8_t p[PIECE], q[PIECE]; /* sums of the data blocks that are there */
};

/*
 * Sums up the data blocks that can be read, for Q by Horner's rule: the highest exponent first,
 * twice the sum at each step. False: a third block is lost.
 */
static bool sum_up(struct recovery *recovery, parity_read *read, const void *context)
{
	const struct parity_row *row = recovery->row;
	uint8_t bytes[PIECE];

	memset(recovery->p, 0, recovery->len);
	memset(recovery->q, 0, recovery->len);
	for (uint32_t i = row->n_disks; i--;) {
		uint32_t at = (row->first + i) % row->n_disks;

		if (row->q < row->n_disks && (row->gaps || !is_parity(row, at)))
			double_all(recovery->q, recovery->len);
		if (is_parity(row, at) || at == recovery->disk)
			continue;
		if (read(context, at, recovery->offset, bytes, recovery->len)) {
			if (recovery->other != NO_DISK && recovery->other != at)
				return false;
			recovery->other = at;
			continue;
		}
		add(recovery->p, bytes, recovery->len);
		add(recovery->q, bytes, recovery->len);
	}
	return true;
}

/* q = (q + 2^other * p) / (2^disk + 2^other), where p and q lack the two lost blocks. */
static void solve_two(struct recovery *recovery)
{
	uint8_t x = power_of_2(exponent_of(recovery->row, recovery->disk));
	uint8_t y = power_of_2(exponent_of(recovery->row, recovery->other));

	scale(recovery->p, recovery->len, y);
	add(recovery->q, recovery->p, recovery->len);
	scale(recovery->q, recovery->len, inverse(x ^ y));
}

/* The piece, into p or q: which of them. NULL: it cannot be computed. */
static const uint8_t *recover_piece(
	struct recovery *recovery, parity_read *read, const void *context)
{
	const struct parity_row *row = recovery->row;
	uint8_t bytes[PIECE];
	bool has_p;

	if (!sum_up(recovery, read, context))
		return NULL;
	has_p = !read(context, row->p, recovery->offset, bytes, recovery->len);
	if (has_p)
		add(recovery->p, bytes, recovery->len);
	if (has_p && recovery->other == NO_DISK)
		return recovery->p;
	if (row->q == row->n_disks || read(context, row->q, recovery->offset, bytes, recovery->len))
		return NULL;
	add(recovery->q, bytes, recovery->len);
	if (recovery->other == NO_DISK)
		scale(recovery->q, recovery->len,
			inverse(power_of_2(exponent_of(row, recovery->disk))));
	else if (has_p)
		solve_two(recovery);
	else
		return NULL;
	return recovery->q;
}

int parity_recover(const struct parity_row *row, uint32_t disk, parity_read *read,
	const void *context, uint64_t offset, void *buf, size_t len)
{
	char *to = buf;
	size_t part;

	for (; len; len -= part, to += part, offset += part) {
		struct recovery recovery = {
			.row = row,
			.disk = disk,
			.other = NO_DISK,
			.offset = offset,
			.len = part = min_size(len, PIECE),
		};
		const uint8_t *piece = recover_piece(&recovery, read, context);

		if (!piece)
			return -EIO;
		memcpy(to, piece, part);
	}
	return 0;
}
