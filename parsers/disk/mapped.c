/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/mapped.h"

#include "core/checked.h"

#include <errno.h>

/* Where a byte lies, and how many behind it lie there as well. */
struct place {
	const struct mapped_leg *leg;
	uint64_t at; /* bytes into the leg's device */
	uint64_t length;
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

static bool find_place(const struct mapped *mapped, uint64_t offset, struct place *ret)
{
	const struct mapped_segment *segment = find_segment(mapped, offset);
	uint64_t inside, chunk, in_chunk;

	if (!segment || offset < segment->start || offset - segment->start >= segment->length)
		return false;
	inside = offset - segment->start;
	ret->length = segment->length - inside;
	if (segment->n_legs == 1) {
		ret->leg = segment->legs;
		return checked_add(ret->leg->start, inside, &ret->at);
	}
	chunk = inside / segment->chunk;
	in_chunk = inside % segment->chunk;
	ret->leg = &segment->legs[chunk % segment->n_legs];
	ret->length = min_u64(ret->length, segment->chunk - in_chunk);
	/* Not more than `inside`: the product cannot overflow. */
	return checked_add(
		ret->leg->start, chunk / segment->n_legs * segment->chunk + in_chunk, &ret->at);
}

static int mapped_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	const struct mapped *mapped = dev->under;
	struct place place;
	char *to = buf;
	size_t part;

	offset += dev->start;
	for (; len; len -= part, to += part, offset += part) {
		if (!find_place(mapped, offset, &place))
			return -EIO;
		part = (size_t)min_u64(len, place.length);
		if (blockdev_read(&place.leg->dev, place.at, to, part))
			return -EIO;
	}
	return 0;
}

static int mapped_map(
	const struct blockdev *dev, uint64_t offset, uint64_t length, struct extents *ret)
{
	const struct mapped *mapped = dev->under;
	struct place place;
	uint64_t part;
	int err = 0;

	offset += dev->start;
	for (; length && !err; length -= part, offset += part) {
		if (!find_place(mapped, offset, &place))
			return -EIO;
		part = min_u64(length, place.length);
		err = blockdev_map(&place.leg->dev, place.at, part, ret);
	}
	return err;
}

struct blockdev mapped_blockdev(const struct mapped *mapped, uint64_t size)
{
	const struct mapped_segment *first = mapped->segments;

	if (mapped->count == 1 && first->n_legs == 1 && first->start == 0 && first->length >= size)
		return blockdev_window(&first->legs[0].dev, first->legs[0].start, size);
	return (struct blockdev){
		.read = mapped_read,
		.map = mapped_map,
		.size = size,
		.sector_size = mapped->count ? first->legs[0].dev.sector_size : 512,
		.fd = -1,
		.under = mapped,
	};
}
