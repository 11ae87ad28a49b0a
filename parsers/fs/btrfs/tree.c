/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/btrfs/btrfs.h"

#include "core/checked.h"

#include <errno.h>

enum { HEADER = sizeof(struct btrfs_disk_header) };

static struct btrfs_key key_decode(const struct btrfs_disk_key *disk)
{
	return (struct btrfs_key){le64_get(disk->object), disk->type, le64_get(disk->offset)};
}

static int key_compare(const struct btrfs_key *a, const struct btrfs_key *b)
{
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return 0;
}

static const struct btrfs_disk_header *header_of(const uint8_t *node)
{
	return (const struct btrfs_disk_header *)(const void *)node;
}

static const struct btrfs_disk_pointer *pointers_of(const uint8_t *node)
{
	return (const struct btrfs_disk_pointer *)(const void *)(node + HEADER);
}

static const struct btrfs_disk_item *items_of(const uint8_t *node)
{
	return (const struct btrfs_disk_item *)(const void *)(node + HEADER);
}

/* Is it the node that it should be, with no more entries than fit? */
static bool node_sane(const struct btrfs *btrfs, const uint8_t *node, uint64_t block, uint8_t level)
{
	const struct btrfs_disk_header *header = header_of(node);
	size_t entry = level ? sizeof(struct btrfs_disk_pointer) : sizeof(struct btrfs_disk_item);
	uint32_t count = le32_get(header->count);

	return le64_get(header->bytenr) == block && header->level == level &&
	       count <= (btrfs->node_size - HEADER) / entry && (count || !level);
}

static bool node_whole(const struct btrfs *btrfs, const uint8_t *node, uint64_t generation)
{
	return le64_get(header_of(node)->generation) == generation &&
	       btrfs_checksum_good(btrfs->checksum_type, node + BTRFS_CHECKSUM_ROOM,
		       btrfs->node_size - BTRFS_CHECKSUM_ROOM, node);
}

/* Reads the first copy that is whole; without one, the first that can be used at all. */
static int node_load(
	struct btrfs *btrfs, uint64_t block, uint64_t generation, uint8_t level, uint8_t *node)
{
	unsigned copy, usable = BTRFS_MAX_COPIES;
	int r = 0, error = -EUCLEAN;

	for (copy = 0; copy < BTRFS_MAX_COPIES && r != -ENOENT; copy++) {
		r = btrfs_read_copy(btrfs, block, copy, node, btrfs->node_size);
		if (r == -EIO)
			error = r;
		if (r || !node_sane(btrfs, node, block, level))
			continue;
		if (node_whole(btrfs, node, generation))
			return 0;
		if (usable == BTRFS_MAX_COPIES)
			usable = copy;
	}
	if (usable == BTRFS_MAX_COPIES)
		return error;
	btrfs_checksum_note(btrfs, "a tree node");
	r = btrfs_read_copy(btrfs, block, usable, node, btrfs->node_size);
	/* The guest may have changed it since. */
	return r || node_sane(btrfs, node, block, level) ? r : -EUCLEAN;
}

/* The place in the cache that was used longest ago, with room for a node. */
static struct btrfs_cached *cache_oldest(struct btrfs *btrfs)
{
	struct btrfs_cached *oldest = &btrfs->cache[0];
	uint32_t i;

	for (i = 1; i < BTRFS_CACHED_NODES; i++) {
		if (btrfs->cache[i].used < oldest->used)
			oldest = &btrfs->cache[i];
	}
	if (!oldest->bytes)
		oldest->bytes = arena_alloc(btrfs->arena, btrfs->node_size);
	return oldest->bytes ? oldest : NULL;
}

/* A node, borrowed from the cache until the next one is asked for. */
static int node_get(struct btrfs *btrfs, uint64_t block, uint64_t generation, uint8_t level,
	const uint8_t **ret)
{
	struct btrfs_cached *cached;
	int r;

	for (cached = btrfs->cache; cached < btrfs->cache + BTRFS_CACHED_NODES; cached++) {
		if (cached->used && cached->block == block &&
			header_of(cached->bytes)->level == level)
			break;
	}
	if (cached == btrfs->cache + BTRFS_CACHED_NODES) {
		cached = cache_oldest(btrfs);
		if (!cached)
			return -ENOMEM;
		cached->used = 0;
		r = node_load(btrfs, block, generation, level, cached->bytes);
		if (r)
			return r;
		cached->block = block;
	}
	cached->used = ++btrfs->clock;
	*ret = cached->bytes;
	return 0;
}

void btrfs_cursor_init(
	struct btrfs_cursor *cursor, struct btrfs *btrfs, const struct btrfs_tree *tree)
{
	*cursor = (struct btrfs_cursor){.btrfs = btrfs, .tree = *tree};
}

void btrfs_cursor_done(struct btrfs_cursor *cursor)
{
	if (cursor->leaf)
		arena_release(cursor->btrfs->arena, cursor->leaf);
	cursor->leaf = NULL;
}

/* How many of the entries of `size` bytes, which begin with a key, come not behind `key`. */
static uint32_t count_before(const uint8_t *node, size_t size, const struct btrfs_key *key)
{
	uint32_t low = 0, high = le32_get(header_of(node)->count), middle;
	struct btrfs_disk_key disk;
	struct btrfs_key found;

	while (low < high) {
		middle = low + (high - low) / 2;
		memcpy(&disk, node + HEADER + middle * size, sizeof(disk));
		found = key_decode(&disk);
		if (key_compare(&found, key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Goes down to the leaf that holds the key, or would; slot is behind all items up to the key. */
static int descend(struct btrfs_cursor *cursor, const struct btrfs_key *key)
{
	struct btrfs *btrfs = cursor->btrfs;
	uint64_t block = cursor->tree.root, generation = cursor->tree.generation;
	const struct btrfs_disk_pointer *pointers;
	uint8_t level = cursor->tree.level;
	const uint8_t *node;
	uint32_t slot;
	int r;

	cursor->more = false;
	cursor->count = cursor->slot = 0;
	if (!cursor->leaf)
		cursor->leaf = arena_alloc(btrfs->arena, btrfs->node_size);
	if (!cursor->leaf)
		return -ENOMEM;
	for (;; level--) {
		r = node_get(btrfs, block, generation, level, &node);
		if (r)
			return r;
		if (level == 0)
			break;
		pointers = pointers_of(node);
		slot = count_before(node, sizeof(*pointers), key);
		slot -= slot > 0;
		if (slot + 1 < le32_get(header_of(node)->count)) {
			cursor->more = true;
			cursor->after = key_decode(&pointers[slot + 1].key);
		}
		block = le64_get(pointers[slot].block);
		generation = le64_get(pointers[slot].generation);
	}
	memcpy(cursor->leaf, node, btrfs->node_size);
	cursor->count = le32_get(header_of(cursor->leaf)->count);
	cursor->slot = count_before(cursor->leaf, sizeof(struct btrfs_disk_item), key);
	return 0;
}

static int item_take(const struct btrfs_cursor *cursor, uint32_t slot, struct btrfs_item *ret)
{
	const struct btrfs_disk_item *item = &items_of(cursor->leaf)[slot];
	uint32_t offset = le32_get(item->offset);

	ret->key = key_decode(&item->key);
	ret->size = le32_get(item->size);
	ret->data = cursor->leaf + HEADER + offset;
	return range_inside(offset, ret->size, cursor->btrfs->node_size - HEADER) ? 1 : -EUCLEAN;
}

int btrfs_cursor_before(
	struct btrfs_cursor *cursor, const struct btrfs_key *key, struct btrfs_item *ret)
{
	int r;

	cursor->last = *key;
	r = descend(cursor, key);
	if (r || cursor->slot == 0)
		return r;
	return item_take(cursor, cursor->slot - 1, ret);
}

int btrfs_cursor_next(struct btrfs_cursor *cursor, struct btrfs_item *ret)
{
	struct btrfs_key after = cursor->after;
	int r;

	if (cursor->slot == cursor->count) {
		if (!cursor->more)
			return 0;
		r = descend(cursor, &after);
		if (r)
			return r;
		/* The item with that very key, if there is one, counts as new here. */
		cursor->slot -= cursor->slot > 0;
	}
	if (cursor->slot == cursor->count)
		return -EUCLEAN;
	r = item_take(cursor, cursor->slot, ret);
	if (r > 0 && key_compare(&ret->key, &cursor->last) <= 0)
		return -EUCLEAN;
	cursor->last = ret->key;
	cursor->slot++;
	return r;
}

int btrfs_cursor_exact(
	struct btrfs_cursor *cursor, const struct btrfs_key *key, struct btrfs_item *ret)
{
	int r = btrfs_cursor_before(cursor, key, ret);

	return r > 0 ? key_compare(&ret->key, key) == 0 : r;
}

int btrfs_cursor_from(
	struct btrfs_cursor *cursor, const struct btrfs_key *key, struct btrfs_item *ret)
{
	int r = btrfs_cursor_exact(cursor, key, ret);

	return r ? r : btrfs_cursor_next(cursor, ret);
}

int btrfs_tree_find(struct btrfs *btrfs, uint64_t id, struct btrfs_tree *ret)
{
	struct btrfs_key key = {id, BTRFS_ROOT_ITEM, UINT64_MAX};
	_btrfs_cursor_ struct btrfs_cursor cursor;
	struct btrfs_item item = {0};
	struct btrfs_disk_root root;
	int r;

	btrfs_cursor_init(&cursor, btrfs, &btrfs->root_tree);
	r = btrfs_cursor_before(&cursor, &key, &item);
	if (r < 0)
		return r;
	if (r == 0 || item.key.object != id || item.key.type != BTRFS_ROOT_ITEM)
		return -ENOENT;
	if (item.size < sizeof(root))
		return -EUCLEAN;
	memcpy(&root, item.data, sizeof(root));
	if (le32_get(root.references) == 0)
		return -ENOENT;
	ret->root = le64_get(root.block);
	ret->generation = le64_get(root.generation);
	ret->level = root.level;
	return ret->level < BTRFS_MAX_LEVEL ? 0 : -EUCLEAN;
}
