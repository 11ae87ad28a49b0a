/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/blockdev.h"

#include "core/checked.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* pread() takes any offset that fits an off_t; blockdev_on_fd() sees to it that `size` does. */
static int fd_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	char *to = buf;

	while (len) {
		ssize_t got = pread(dev->fd, to, len, (off_t)(dev->start + offset));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -EIO;
		to += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

static int fd_map(const struct blockdev *dev, uint64_t offset, uint64_t length, struct extents *ret)
{
	return extents_add(ret, EXTENT_DISK, dev->disk, dev->start + offset, length);
}

static int memory_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	memcpy(buf, (const char *)dev->under + dev->start + offset, len);
	return 0;
}

struct blockdev blockdev_on_fd(int fd, uint32_t disk, uint64_t size, uint32_t sector_size)
{
	return (struct blockdev){
		.read = fd_read,
		.map = fd_map,
		.size = min_u64(size, INT64_MAX),
		.sector_size = sector_size,
		.disk = disk,
		.fd = fd,
	};
}

struct blockdev blockdev_on_memory(const void *memory, uint64_t size)
{
	return (struct blockdev){
		.read = memory_read,
		.size = size,
		.sector_size = 512,
		.fd = -1,
		.under = memory,
	};
}

struct blockdev blockdev_window(const struct blockdev *under, uint64_t start, uint64_t size)
{
	struct blockdev window = *under;

	start = min_u64(start, under->size);
	window.start += start;
	window.size = min_u64(size, under->size - start);
	return window;
}

int blockdev_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	if (!range_inside(offset, len, dev->size))
		return -ERANGE;
	if (!len)
		return 0;
	return dev->read(dev, offset, buf, len);
}

int blockdev_map(const struct blockdev *dev, uint64_t offset, uint64_t length, struct extents *ret)
{
	if (!range_inside(offset, length, dev->size))
		return -ERANGE;
	if (!dev->map)
		return extents_add(ret, EXTENT_LATER, 0, 0, length);
	return dev->map(dev, offset, length, ret);
}
