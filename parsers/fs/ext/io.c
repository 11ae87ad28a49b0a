/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/ext/ext.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct ext_io_name ext_io_name(const struct blockdev *dev)
{
	struct ext_io_name name;

	snprintf(name.text, sizeof(name.text), "%" PRIxPTR, (uintptr_t)dev);
	return name;
}

static errcode_t io_open(const char *name, int flags, io_channel *ret)
{
	const struct blockdev *dev = (const void *)(uintptr_t)strtoull(name, NULL, 16);
	io_channel channel;

	if (flags & IO_FLAG_RW)
		return EROFS;
	channel = calloc(1, sizeof(*channel));
	if (!channel)
		return EXT2_ET_NO_MEMORY;
	channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	/* The library's types are not const; it never writes to a manager. */
	channel->manager = (io_manager)(uintptr_t)&ext_io_manager;
	channel->block_size = 1024;
	channel->refcount = 1;
	channel->private_data = (void *)(uintptr_t)dev;
	/* Freed by the library's callers through io_close(); the name must be its own memory. */
	channel->name = strdup("bootfs");
	if (!channel->name) {
		free(channel);
		return EXT2_ET_NO_MEMORY;
	}
	*ret = channel;
	return 0;
}

static errcode_t io_close(io_channel channel)
{
	if (--channel->refcount > 0)
		return 0;
	free(channel->name);
	free(channel);
	return 0;
}

static errcode_t io_set_blksize(io_channel channel, int blksize)
{
	channel->block_size = blksize;
	return 0;
}

/* A negative count is bytes, as the library has it. */
static errcode_t io_read_blk64(io_channel channel, unsigned long long block, int count, void *data)
{
	const struct blockdev *dev = channel->private_data;
	uint64_t offset, length;

	length = count < 0 ? (uint64_t) - (int64_t)count
			   : (uint64_t)count * (uint64_t)channel->block_size;
	if (!checked_mul((uint64_t)block, (uint64_t)channel->block_size, &offset))
		return ERANGE;
	return -blockdev_read(dev, offset, data, length);
}

static errcode_t io_read_blk(io_channel channel, unsigned long block, int count, void *data)
{
	return io_read_blk64(channel, block, count, data);
}

static errcode_t io_write_blk64(io_channel channel __attribute__((unused)),
	unsigned long long block __attribute__((unused)), int count __attribute__((unused)),
	const void *data __attribute__((unused)))
{
	return EROFS;
}

static errcode_t io_write_blk(io_channel channel, unsigned long block, int count, const void *data)
{
	return io_write_blk64(channel, block, count, data);
}

static errcode_t io_flush(io_channel channel __attribute__((unused)))
{
	return 0;
}

const struct struct_io_manager ext_io_manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "bootfs",
	.open = io_open,
	.close = io_close,
	.set_blksize = io_set_blksize,
	.read_blk = io_read_blk,
	.write_blk = io_write_blk,
	.flush = io_flush,
	.read_blk64 = io_read_blk64,
	.write_blk64 = io_write_blk64,
};
