/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/readcache.h"

#include "core/checked.h"

#include <assert.h>
#include <errno.h>

int readcache_init(
	struct readcache *cache, const struct blockdev *dev, struct arena *arena, size_t room)
{
	*cache = (struct readcache){.dev = dev, .room = room};
	cache->bytes = arena_alloc(arena, room);
	return cache->bytes ? 0 : -ENOMEM;
}

/* Sectors as the disk has them where that still leaves `len` bytes in the buffer. */
static int readcache_fill(struct readcache *cache, uint64_t offset, size_t len)
{
	uint64_t into = offset % 512;
	uint64_t at = into + len <= cache->room ? offset - into : offset;
	size_t fill = (size_t)min_u64(cache->room, cache->dev->size - at);
	int r;

	cache->len = 0;
	r = blockdev_read(cache->dev, at, cache->bytes, fill);
	if (r < 0)
		return r;
	cache->at = at;
	cache->len = fill;
	return 0;
}

int readcache_get(struct readcache *cache, uint64_t offset, size_t len, const unsigned char **ret)
{
	int r;

	assert(len <= cache->room / 2);
	if (!range_inside(offset, len, cache->dev->size))
		return -ERANGE;
	if (offset < cache->at || !range_inside(offset - cache->at, len, cache->len)) {
		r = readcache_fill(cache, offset, len);
		if (r < 0)
			return r;
	}
	*ret = cache->bytes + (offset - cache->at);
	return 0;
}
