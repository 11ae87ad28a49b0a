/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/erofs/erofs.h"
#include "parsers/fs/name.h"

#include <errno.h>
#include <string.h>

struct entry {
	struct le64 number;
	struct le16 name;
	unsigned char type, reserved;
} __attribute__((packed));
_Static_assert(sizeof(struct entry) == 12, "a directory entry");

/* One block of a folder, with the number of entries in it; the names follow them. */
struct block {
	const unsigned char *bytes;
	uint32_t len, count;
};

static uint32_t name_at(const struct block *block, uint32_t i)
{
	struct entry entry;

	memcpy(&entry, block->bytes + i * sizeof(entry), sizeof(entry));
	return le16_get(entry.name);
}

/* Reads block `index` of the folder into `room` and checks that all entries lie inside. */
static int read_block(struct erofs *erofs, const struct node *folder, uint64_t index,
	unsigned char *room, struct block *ret)
{
	uint64_t at = index << erofs->block_bits;
	uint32_t names;
	ssize_t got = erofs_read(&erofs->fs, folder, at, room,
		(size_t)min_u64((uint64_t)1 << erofs->block_bits, folder->size - at));

	if (got < 0)
		return (int)got;
	*ret = (struct block){room, (uint32_t)got, 1};
	if (ret->len < sizeof(struct entry))
		return -EUCLEAN;
	names = name_at(ret, 0);
	ret->count = names / (uint32_t)sizeof(struct entry);
	return names % sizeof(struct entry) == 0 && ret->count && names <= ret->len ? 0 : -EUCLEAN;
}

/* Entry `i` of a block: its name ends where the next begins, the last at a NUL or the end. */
static int get_entry(const struct block *block, uint32_t i, struct text *name, uint64_t *number)
{
	uint32_t from = name_at(block, i);
	uint32_t to = i + 1 < block->count ? name_at(block, i + 1) : block->len;
	struct entry entry;

	if (from > to || to > block->len)
		return -EUCLEAN;
	memcpy(&entry, block->bytes + i * sizeof(entry), sizeof(entry));
	*number = le64_get(entry.number);
	*name = (struct text){(const char *)block->bytes + from, to - from};
	if (i + 1 == block->count)
		*name = text_first(*name, text_find(*name, '\0'));
	return name->len <= EROFS_NAME_MAX ? 0 : -EUCLEAN;
}

/* Is `name` in this block? 1 and its number, 0 no. */
static int find_in_block(const struct block *block, struct text name, uint64_t *number)
{
	for (uint32_t i = 0; i < block->count; i++) {
		struct text here;
		int r = get_entry(block, i, &here, number);

		if (r < 0)
			return r;
		if (text_equal(here, name))
			return 1;
	}
	return 0;
}

/* Names are sorted over all blocks: halves the blocks that may hold `name` until one is left. */
static int find_block(
	struct erofs *erofs, const struct node *folder, struct text name, struct block *ret)
{
	uint64_t low = 0, high = (folder->size - 1) >> erofs->block_bits;

	while (low < high) {
		uint64_t middle = high - (high - low) / 2, number;
		struct text first;
		int r = read_block(erofs, folder, middle, erofs->folder_block, ret);

		if (r == 0)
			r = get_entry(ret, 0, &first, &number);
		if (r < 0)
			return r;
		if (text_compare(first, name) <= 0)
			low = middle;
		else
			high = middle - 1;
	}
	return read_block(erofs, folder, low, erofs->folder_block, ret);
}

int erofs_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret)
{
	struct erofs *erofs = erofs_of(fs);
	struct block block = {.count = 0};
	uint64_t number = 0;
	int r;

	if (!folder->size)
		return -ENOENT;
	r = find_block(erofs, folder, name, &block);
	if (r == 0)
		r = find_in_block(&block, name, &number);
	if (r < 0)
		return r;
	return r ? erofs_read_inode(erofs, number, ret) : -ENOENT;
}

static int list_block(const struct block *block, fs_visit *visit, void *context)
{
	for (uint32_t i = 0; i < block->count; i++) {
		struct text name;
		uint64_t number;
		int r = get_entry(block, i, &name, &number);

		if (r == 0 && name_is_usable(name))
			r = visit(context, name);
		if (r)
			return r;
	}
	return 0;
}

int erofs_list(struct fs *fs, const struct node *folder, fs_visit *visit, void *context)
{
	struct erofs *erofs = erofs_of(fs);
	/* A block of its own: who is visited may look up and list other folders. */
	unsigned char *room = arena_alloc(erofs->arena, (size_t)1 << erofs->block_bits);
	int r = room ? 0 : -ENOMEM;

	for (uint64_t i = 0; r == 0 && i << erofs->block_bits < folder->size; i++) {
		struct block block = {.count = 0};

		r = read_block(erofs, folder, i, room, &block);
		if (r == 0)
			r = list_block(&block, visit, context);
	}
	arena_release(erofs->arena, room);
	return r;
}
