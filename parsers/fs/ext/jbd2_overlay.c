/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/ext/jbd2_overlay.h"

#include "core/bytes.h"
#include "core/checked.h"
#include "parsers/fs/crc32c.h"

#include <string.h>

/* The number of the first block laid over that is `block` or comes behind it. */
static uint32_t find_from(const struct jbd2_overlay *overlay, uint64_t block)
{
	uint32_t low = 0, high = overlay->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (overlay->blocks[middle].block < block)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool checksum_right(const struct jbd2_overlay *overlay, const struct jbd2_block *block)
{
	struct be32 sequence = {htobe32(block->sequence)};
	uint32_t crc;

	if (overlay->checksum == CHECKSUM_NONE)
		return true;
	crc = crc32c_add(overlay->seed, &sequence, sizeof(sequence));
	crc = crc32c_add(crc, overlay->buffer, overlay->block_size);
	if (overlay->checksum == CHECKSUM_16)
		return (crc & UINT16_MAX) == block->checksum;
	return crc == block->checksum;
}

/* Part of one committed block, or of what lies below where the log's copy is damaged. */
static int read_block(const struct jbd2_overlay *overlay, const struct jbd2_block *block,
	uint32_t inside, void *buf, size_t len)
{
	const struct be32 magic = {htobe32((uint32_t)JBD2_MAGIC)};
	int err = blockdev_read(&overlay->log, block->at, overlay->buffer, overlay->block_size);

	if (err)
		return err;
	if (!checksum_right(overlay, block))
		return blockdev_read(
			&overlay->dev, block->block * overlay->block_size + inside, buf, len);
	if (block->escaped)
		memcpy(overlay->buffer, &magic, sizeof(magic));
	memcpy(buf, overlay->buffer + inside, len);
	return 0;
}

/* How many bytes from `offset` on are of one kind; *ret is the block laid over them, or NULL. */
static uint64_t run_length(
	const struct jbd2_overlay *overlay, uint64_t offset, const struct jbd2_block **ret)
{
	uint64_t block = offset / overlay->block_size;
	uint32_t index = find_from(overlay, block);

	*ret = NULL;
	if (index == overlay->count)
		return UINT64_MAX - offset;
	if (overlay->blocks[index].block != block)
		return overlay->blocks[index].block * overlay->block_size - offset;
	*ret = &overlay->blocks[index];
	return overlay->block_size - offset % overlay->block_size;
}

static int overlay_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	const struct jbd2_overlay *overlay = dev->under;
	const struct jbd2_block *block;
	char *to = buf;
	size_t part;
	int err = 0;

	offset += dev->start;
	for (; len && !err; len -= part, to += part, offset += part) {
		part = (size_t)min_u64(len, run_length(overlay, offset, &block));
		if (block)
			err = read_block(
				overlay, block, (uint32_t)(offset % overlay->block_size), to, part);
		else
			err = blockdev_read(&overlay->dev, offset, to, part);
	}
	return err;
}

static int overlay_map(
	const struct blockdev *dev, uint64_t offset, uint64_t length, struct extents *ret)
{
	const struct jbd2_overlay *overlay = dev->under;
	const struct jbd2_block *block;
	uint64_t part;
	int err = 0;

	offset += dev->start;
	for (; length && !err; length -= part, offset += part) {
		part = min_u64(length, run_length(overlay, offset, &block));
		if (block)
			err = extents_add(ret, EXTENT_LATER, 0, 0, part);
		else
			err = blockdev_map(&overlay->dev, offset, part, ret);
	}
	return err;
}

struct blockdev jbd2_overlay_blockdev(const struct jbd2_overlay *overlay)
{
	return (struct blockdev){
		.read = overlay_read,
		.map = overlay_map,
		.size = overlay->dev.size,
		.sector_size = overlay->dev.sector_size,
		.fd = -1,
		.under = overlay,
	};
}
