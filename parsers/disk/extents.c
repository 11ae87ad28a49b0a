/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/blockdev.h"

#include "core/checked.h"
#include "model/limits.h"

#include <errno.h>

void extents_done(struct extents *extents)
{
	free(extents->at);
	*extents = (struct extents){0};
}

static uint64_t extents_end(const struct extents *extents)
{
	const struct extent *last;

	if (!extents->count)
		return 0;
	last = &extents->at[extents->count - 1];
	return last->offset + last->length;
}

/* Does a piece of this kind continue the last one? Then that one only grows. */
static bool extents_join(
	struct extents *extents, enum extent_kind kind, uint32_t disk, uint64_t at, uint64_t length)
{
	struct extent *last;

	if (!extents->count)
		return false;
	last = &extents->at[extents->count - 1];
	if (last->kind != kind)
		return false;
	if (kind == EXTENT_DISK && (last->disk != disk || last->at + last->length != at))
		return false;
	last->length += length;
	return true;
}

static int extents_reserve(struct extents *extents)
{
	uint32_t room = extents->room ? extents->room * 2 : 8;
	struct extent *at;

	if (extents->count < extents->room)
		return 0;
	if (extents->count >= MAX_EXTENTS)
		return -EFBIG;
	at = reallocarray(extents->at, room, sizeof(*at));
	if (!at)
		return -ENOMEM;
	extents->at = at;
	extents->room = room;
	return 0;
}

int extents_add(
	struct extents *extents, enum extent_kind kind, uint32_t disk, uint64_t at, uint64_t length)
{
	uint64_t offset = extents_end(extents), end;
	int ret;

	if (!length)
		return 0;
	if (!checked_add(offset, length, &end) || !checked_add(at, length, &end))
		return -EFBIG;
	if (extents_join(extents, kind, disk, at, length))
		return 0;
	ret = extents_reserve(extents);
	if (ret)
		return ret;
	extents->at[extents->count++] = (struct extent){
		.offset = offset,
		.length = length,
		.kind = kind,
		.disk = kind == EXTENT_DISK ? disk : 0,
		.at = kind == EXTENT_DISK ? at : 0,
	};
	return 0;
}

const struct extent *extents_find(const struct extents *extents, uint64_t offset)
{
	uint32_t low = 0, high = extents->count;

	if (offset >= extents_end(extents))
		return NULL;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (extents->at[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return &extents->at[low];
}

int extents_slice(const struct extents *from, uint64_t offset, uint64_t length, struct extents *ret)
{
	const struct extent *at;
	uint64_t inside, part;
	int err = 0;

	if (!range_inside(offset, length, extents_end(from)))
		return -ERANGE;
	for (at = extents_find(from, offset); at && length && !err; at++) {
		inside = offset - at->offset;
		part = min_u64(length, at->length - inside);
		err = extents_add(ret, at->kind, at->disk, at->at + inside, part);
		offset += part;
		length -= part;
	}
	return err;
}
