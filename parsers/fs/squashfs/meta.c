/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/squashfs/squashfs.h"

#include <errno.h>
#include <string.h>

enum {
	HEADER = 2, /* bytes in front of a metadata block */
	HEADER_NOT_PACKED = 0x8000,
};

/* Reads and unpacks the block that lies at `at`. */
static int fill(struct squash *squash, uint64_t at, struct squash_meta *meta)
{
	unsigned char packed[SQUASH_META_SIZE];
	struct le16 header;
	uint32_t size;
	ssize_t got;
	int r;

	meta->at = 0;
	r = blockdev_read(&squash->dev, at, &header, sizeof(header));
	if (r < 0)
		return r == -ERANGE ? -EUCLEAN : r;
	size = le16_get(header) & (HEADER_NOT_PACKED - 1);
	if (size > sizeof(packed))
		return -EUCLEAN;
	r = blockdev_read(&squash->dev, at + HEADER, packed, size);
	if (r < 0)
		return r == -ERANGE ? -EUCLEAN : r;
	if (le16_get(header) & HEADER_NOT_PACKED) {
		memcpy(meta->bytes, packed, size);
		got = size;
	} else {
		got = unpack(squash->packing, packed, size, meta->bytes, sizeof(meta->bytes));
	}
	if (got <= 0)
		return got < 0 ? (int)got : -EUCLEAN;
	meta->at = at;
	meta->next = at + HEADER + size;
	meta->len = (uint32_t)got;
	return 0;
}

/* The block at `at`, out of the cache where it is there. */
static int get_block(struct squash *squash, uint64_t at, const struct squash_meta **ret)
{
	struct squash_meta *oldest = &squash->metas[0];
	struct squash_meta *meta;
	int r = 0;

	if (!at)
		return -EUCLEAN; /* the superblock's place; also marks an empty cache */
	squash->clock++;
	for (meta = squash->metas; meta < squash->metas + SQUASH_CACHES; meta++) {
		if (meta->at == at)
			break;
		if (meta->used < oldest->used)
			oldest = meta;
	}
	if (meta == squash->metas + SQUASH_CACHES) {
		meta = oldest;
		r = fill(squash, at, meta);
	}
	meta->used = squash->clock;
	*ret = meta;
	return r;
}

int squash_read_meta(struct squash *squash, struct squash_place *place, void *buf, size_t len)
{
	const struct squash_meta *meta;
	size_t done = 0;

	while (done < len) {
		size_t part;
		int r = get_block(squash, place->block, &meta);

		if (r < 0)
			return r;
		if (place->offset > meta->len)
			return -EUCLEAN;
		part = min_size(len - done, meta->len - place->offset);
		if (buf)
			memcpy((char *)buf + done, meta->bytes + place->offset, part);
		done += part;
		place->offset += (uint32_t)part;
		if (place->offset == meta->len)
			*place = (struct squash_place){meta->next, 0};
	}
	return 0;
}

int squash_skip_meta(struct squash *squash, struct squash_place *place, size_t len)
{
	return squash_read_meta(squash, place, NULL, len);
}
