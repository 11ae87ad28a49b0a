/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/mapped.h"

#include "core/checked.h"
#include "parsers/disk/parity.h"

#include <errno.h>

/* Where a byte lies, and how many behind it lie there as well. */
struct place {
	const struct mapped_segment *segment;
	uint32_t leg;
	uint64_t at; /* bytes into the leg */
	uint64_t length;
	struct parity_row row; /* MAPPED_PARITY */
};

static const struct mapped_segment *find_segment(const struct mapped *mapped, uint64_t offset)
{
	uint32_t low = 0, high = mapped->count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (mapped->segments[middle].start <= offset)
			low = middle;
		else
			high = middle;
	}
	return mapped->count ? &mapped->segments[low] : NULL;
}

/*
 * The leg on which the next far copy of what is on `leg` stands. The last set has the legs that are
 * left over, too; legs are counted into it as raid10.c of Linux does, from its second one on.
 */
static uint32_t next_far_leg(const struct mapped_segment *segment, uint32_t leg)
{
	uint32_t set = segment->copies.set, rest = segment->n_legs % set;
	uint32_t last = (segment->n_legs / set - 1) * set, next = leg + segment->copies.near;

	if (rest && next > last)
		return last + (next - last) % (set + rest);
	return leg / set * set + next % set;
}

/* Copy number `copy` of a chunk. */
static void place_copy(
	const struct mapped_segment *segment, uint64_t chunk, uint32_t copy, struct place *ret)
{
	const struct mapped_copies *copies = &segment->copies;
	uint32_t near = copy % copies->near;
	uint64_t first = chunk * copies->near + near;
	uint64_t row =
		(chunk * copies->near) / segment->n_legs * (copies->offset ? copies->far : 1);

	ret->leg = (uint32_t)(first % segment->n_legs);
	row += first / segment->n_legs - chunk * copies->near / segment->n_legs;
	ret->at += row * segment->chunk;
	for (uint32_t i = copy / copies->near; i; i--) {
		ret->leg = next_far_leg(segment, ret->leg);
		ret->at += copies->stride;
	}
}

static void place_data(const struct mapped_segment *segment, uint64_t chunk, struct place *ret)
{
	uint32_t n_data = segment->n_legs - segment->n_parity;
	uint64_t row = chunk / n_data;

	ret->row = parity_place(segment->layout, segment->n_parity, segment->n_legs, row,
		(uint32_t)(chunk % n_data), &ret->leg);
	ret->at += row * segment->chunk;
}

/*
 * No sum here overflows: mapped_blockdev() is given segments whose length times their legs fits,
 * and a place is checked against its leg's device when it is read.
 */
static bool find_place(
	const struct mapped *mapped, uint64_t offset, uint32_t copy, struct place *ret)
{
	const struct mapped_segment *segment = find_segment(mapped, offset);
	uint64_t inside, chunk;

	if (!segment || offset < segment->start || offset - segment->start >= segment->length)
		return false;
	inside = offset - segment->start;
	*ret = (struct place){.segment = segment, .length = segment->length - inside};
	if (segment->form == MAPPED_STRIPES && segment->n_legs == 1) {
		ret->at = inside;
		return copy == 0;
	}
	chunk = inside / segment->chunk;
	ret->at = inside % segment->chunk;
	ret->length = min_u64(ret->length, segment->chunk - ret->at);
	if (segment->form == MAPPED_COPIES) {
		if (copy >= segment->copies.near * segment->copies.far)
			return false;
		place_copy(segment, chunk, copy, ret);
	} else if (segment->form == MAPPED_PARITY) {
		place_data(segment, chunk, ret);
	} else {
		ret->leg = (uint32_t)((chunk + segment->turned) % segment->n_legs);
		ret->at += chunk / segment->n_legs * segment->chunk;
	}
	return copy == 0 || segment->form == MAPPED_COPIES;
}

static int read_leg(
	const struct mapped_segment *segment, uint32_t leg, uint64_t at, void *buf, size_t len)
{
	const struct mapped_leg *from = &segment->legs[leg];

	if (from->absent || !checked_add(from->start, at, &at))
		return -EIO;
	return blockdev_read(&from->dev, at, buf, len);
}

/* parity_read: the blocks of a row stand at one place on all legs. */
static int read_row(const void *context, uint32_t disk, uint64_t offset, void *buf, size_t len)
{
	const struct place *place = context;

	return read_leg(place->segment, disk, place->at + offset, buf, len);
}

/* Reads at most `len` bytes that lie together: how many, or -EIO. */
static ssize_t read_part(const struct mapped *mapped, uint64_t offset, void *buf, size_t len)
{
	struct place place;
	size_t part = 0;

	for (uint32_t copy = 0; find_place(mapped, offset, copy, &place); copy++) {
		part = (size_t)min_u64(len, place.length);
		if (!read_leg(place.segment, place.leg, place.at, buf, part))
			return (ssize_t)part;
	}
	if (!part || place.segment->form != MAPPED_PARITY ||
		parity_recover(&place.row, place.leg, read_row, &place, 0, buf, part))
		return -EIO;
	return (ssize_t)part;
}

static int mapped_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	char *to = buf;

	offset += dev->start;
	while (len) {
		ssize_t got = read_part(dev->under, offset, to, len);

		if (got < 0)
			return (int)got;
		to += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

/* Appends where at most `length` bytes lie: how many, or a negative error. */
static int map_part(const struct mapped *mapped, uint64_t offset, uint64_t length, uint64_t *part,
	struct extents *ret)
{
	struct place place;

	for (uint32_t copy = 0; find_place(mapped, offset, copy, &place); copy++) {
		const struct mapped_leg *leg = &place.segment->legs[place.leg];

		*part = min_u64(length, place.length);
		if (!leg->absent && checked_add(leg->start, place.at, &place.at))
			return blockdev_map(&leg->dev, place.at, *part, ret);
		if (place.segment->form == MAPPED_PARITY)
			return extents_add(ret, EXTENT_LATER, 0, 0, *part);
	}
	return -EIO;
}

static int mapped_map(
	const struct blockdev *dev, uint64_t offset, uint64_t length, struct extents *ret)
{
	uint64_t part;
	int err = 0;

	offset += dev->start;
	for (; length && !err; length -= part, offset += part) {
		part = length;
		err = map_part(dev->under, offset, length, &part, ret);
	}
	return err;
}

/* Is there a copy of each chunk? The chunks of one round over the legs are like all others. */
static bool has_copies(const struct mapped_segment *segment)
{
	for (uint64_t chunk = 0; chunk < segment->n_legs; chunk++) {
		uint32_t n = segment->copies.near * segment->copies.far, copy = 0;
		struct place place = {0};

		for (; copy < n; copy++) {
			place_copy(segment, chunk, copy, &place);
			if (!segment->legs[place.leg].absent)
				break;
		}
		if (copy == n)
			return false;
	}
	return true;
}

bool mapped_is_whole(const struct mapped *mapped, bool *recovers)
{
	*recovers = false;
	for (uint32_t i = 0; i < mapped->count; i++) {
		const struct mapped_segment *segment = &mapped->segments[i];
		uint32_t absent = 0;

		for (uint32_t leg = 0; leg < segment->n_legs; leg++)
			absent += segment->legs[leg].absent;
		if (segment->form == MAPPED_COPIES && !has_copies(segment))
			return false;
		if (segment->form == MAPPED_STRIPES && absent)
			return false;
		if (segment->form == MAPPED_PARITY && absent > segment->n_parity)
			return false;
		*recovers = *recovers || (absent && segment->form == MAPPED_PARITY);
	}
	return true;
}

/* The only leg that all of it is read from; NULL: there is none. */
static const struct mapped_leg *only_leg(const struct mapped *mapped, uint64_t size)
{
	const struct mapped_segment *first = mapped->segments;

	if (mapped->count != 1 || first->start != 0 || first->length < size)
		return NULL;
	if (first->form == MAPPED_STRIPES && first->n_legs == 1)
		return first->legs[0].absent ? NULL : first->legs;
	if (first->form != MAPPED_COPIES || first->copies.near != first->n_legs)
		return NULL;
	for (uint32_t i = 0; i < first->n_legs; i++) {
		if (!first->legs[i].absent)
			return &first->legs[i];
	}
	return NULL;
}

static uint32_t sector_size_of(const struct mapped *mapped)
{
	uint32_t size = 512;

	for (uint32_t i = 0; mapped->count && i < mapped->segments->n_legs; i++) {
		const struct mapped_leg *leg = &mapped->segments->legs[i];

		if (!leg->absent && leg->dev.sector_size > size)
			size = leg->dev.sector_size;
	}
	return size;
}

struct blockdev mapped_blockdev(const struct mapped *mapped, uint64_t size)
{
	const struct mapped_leg *leg = only_leg(mapped, size);

	if (leg)
		return blockdev_window(&leg->dev, leg->start, size);
	return (struct blockdev){
		.read = mapped_read,
		.map = mapped_map,
		.size = size,
		.sector_size = sector_size_of(mapped),
		.fd = -1,
		.under = mapped,
	};
}
