/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/overlay.h"

#include "core/checked.h"

#include <errno.h>
#include <string.h>

enum { FIRST_SLOTS = 256 };

void overlay_init(struct overlay *overlay, const struct blockdev *dev, uint32_t block_size,
	struct arena *arena)
{
	*overlay = (struct overlay){
		.dev = *dev,
		.block_size = block_size,
		.limit = (arena->limit - arena->used) / 2,
		.arena = arena,
	};
}

void overlay_done(struct overlay *overlay)
{
	if (overlay->slots)
		free(overlay->blocks);
	overlay->blocks = NULL;
	overlay->count = overlay->slots = 0;
}

/* The slot that holds the block, or the free one that it belongs in. Open addressing. */
static struct overlay_block *find_slot(
	const struct overlay_block *blocks, uint32_t slots, uint64_t number)
{
	uint32_t at = (uint32_t)(number * 0x9e3779b97f4a7c15ULL >> 32) & (slots - 1);

	while (blocks[at].content && blocks[at].number != number)
		at = (at + 1) & (slots - 1);
	return (struct overlay_block *)(uintptr_t)&blocks[at];
}

/* Keeps a quarter of the slots free, so that a search ends soon. */
static int make_room(struct overlay *overlay)
{
	uint32_t slots = overlay->slots ? overlay->slots * 2 : FIRST_SLOTS;
	struct overlay_block *blocks;

	if (overlay->count < overlay->slots / 4 * 3)
		return 0;
	if (slots < overlay->slots)
		return -ENOMEM;
	blocks = calloc(slots, sizeof(*blocks));
	if (!blocks)
		return -ENOMEM;
	for (uint32_t i = 0; i < overlay->slots; i++) {
		if (overlay->blocks[i].content)
			*find_slot(blocks, slots, overlay->blocks[i].number) = overlay->blocks[i];
	}
	free(overlay->blocks);
	overlay->blocks = blocks;
	overlay->slots = slots;
	return 0;
}

int overlay_block(struct overlay *overlay, uint64_t number, uint8_t **ret)
{
	struct overlay_block *slot;
	uint8_t *content;
	uint64_t offset;
	int r = make_room(overlay);

	if (r)
		return r;
	slot = find_slot(overlay->blocks, overlay->slots, number);
	*ret = slot->content;
	if (slot->content)
		return 0;
	if (!checked_mul(number, overlay->block_size, &offset))
		return -ERANGE;
	if (overlay->count >= overlay->limit / overlay->block_size)
		return -ENOMEM;
	content = arena_alloc(overlay->arena, overlay->block_size);
	if (!content)
		return -ENOMEM;
	r = blockdev_read(&overlay->dev, offset, content, overlay->block_size);
	if (r) {
		arena_release(overlay->arena, content);
		return r;
	}
	*slot = (struct overlay_block){number, content};
	overlay->count++;
	*ret = content;
	return 0;
}

int overlay_write(struct overlay *overlay, uint64_t offset, const void *bytes, size_t len)
{
	const uint8_t *from = bytes;
	uint8_t *block;
	size_t part, inside;
	int r = 0;

	for (; len && !r; len -= part, from += part, offset += part) {
		inside = (size_t)(offset % overlay->block_size);
		part = min_size(len, overlay->block_size - inside);
		r = overlay_block(overlay, offset / overlay->block_size, &block);
		if (!r)
			memcpy(block + inside, from, part);
	}
	return r;
}

static int compare_blocks(const void *a, const void *b)
{
	const struct overlay_block *one = a, *two = b;

	return (one->number > two->number) - (one->number < two->number);
}

int overlay_finish(struct overlay *overlay)
{
	struct overlay_block *sorted =
		arena_array(overlay->arena, (size_t)overlay->count + 1, sizeof(*sorted));
	uint32_t count = 0;

	if (!sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < overlay->slots; i++) {
		if (overlay->blocks[i].content)
			sorted[count++] = overlay->blocks[i];
	}
	qsort(sorted, count, sizeof(*sorted), compare_blocks);
	overlay_done(overlay);
	overlay->blocks = sorted;
	overlay->count = count;
	return 0;
}

/* The first changed block from `number` on; NULL where none is. Sorted blocks only. */
static const struct overlay_block *find_from(const struct overlay *overlay, uint64_t number)
{
	uint32_t low = 0, high = overlay->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (overlay->blocks[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < overlay->count ? &overlay->blocks[low] : NULL;
}

/* The content laid over block `number`; NULL: the device's own. */
static const uint8_t *content_of(const struct overlay *overlay, uint64_t number)
{
	const struct overlay_block *block;

	if (overlay->slots)
		return find_slot(overlay->blocks, overlay->slots, number)->content;
	block = find_from(overlay, number);
	return block && block->number == number ? block->content : NULL;
}

/* How many bytes from `offset` on are of one kind; *ret is the block's content, or NULL. */
static uint64_t run_length(const struct overlay *overlay, uint64_t offset, const uint8_t **ret)
{
	uint64_t number = offset / overlay->block_size;
	const struct overlay_block *next;

	*ret = content_of(overlay, number);
	if (*ret || overlay->slots)
		return overlay->block_size - offset % overlay->block_size;
	next = find_from(overlay, number);
	return next ? next->number * overlay->block_size - offset : UINT64_MAX - offset;
}

int overlay_read(const struct overlay *overlay, uint64_t offset, void *buf, size_t len)
{
	const uint8_t *content;
	char *to = buf;
	size_t part;
	int r = 0;

	if (!overlay->count)
		return blockdev_read(&overlay->dev, offset, buf, len);
	for (; len && !r; len -= part, to += part, offset += part) {
		part = (size_t)min_u64(len, run_length(overlay, offset, &content));
		if (content)
			memcpy(to, content + offset % overlay->block_size, part);
		else
			r = blockdev_read(&overlay->dev, offset, to, part);
	}
	return r;
}

bool overlay_covers(const struct overlay *overlay, uint64_t offset, uint64_t length)
{
	const uint8_t *content;
	uint64_t run = overlay->count ? run_length(overlay, offset, &content) : UINT64_MAX;

	return overlay->count && (content || run < length);
}

static int dev_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	return overlay_read(dev->under, dev->start + offset, buf, len);
}

static int dev_map(
	const struct blockdev *dev, uint64_t offset, uint64_t length, struct extents *ret)
{
	const struct overlay *overlay = dev->under;
	const uint8_t *content;
	uint64_t part;
	int r = 0;

	offset += dev->start;
	for (; length && !r; length -= part, offset += part) {
		part = min_u64(length, run_length(overlay, offset, &content));
		if (content)
			r = extents_add(ret, EXTENT_LATER, 0, 0, part);
		else
			r = blockdev_map(&overlay->dev, offset, part, ret);
	}
	return r;
}

struct blockdev overlay_blockdev(const struct overlay *overlay)
{
	return (struct blockdev){
		.read = dev_read,
		.map = dev_map,
		.size = overlay->dev.size,
		.sector_size = overlay->dev.sector_size,
		.fd = -1,
		.under = overlay,
	};
}
