/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bytes.h"
#include "parsers/fs/ext/ext.h"

#include <errno.h>
#include <string.h>

/*
 * The index of big folders (fs/ext4/namei.c): a tree whose nodes look like empty blocks of
 * entries, and whose leaves are the blocks of entries, in the order of the names' hashes.
 */
enum {
	ROOT_INFO = 24, /* bytes: behind "." and ".." */
	NODE_HEAD = 8,  /* bytes: behind an empty entry */
	MAX_LEVELS = 4, /* large_dir has three levels below the root */
	BLOCK_MASK = 0x0fffffff,
	MAX_LEAVES = 1000, /* of names with one hash */
};

struct root_info {
	struct le32 reserved;
	uint8_t hash_version, length, levels, flags;
};

/* The first pair's hash is 0; the count stands in its place. */
struct pair {
	struct le32 hash, block;
};

struct count {
	struct le16 limit, count;
};

/* One node on the way down, and which of its pairs was taken. */
struct level {
	struct pair *pairs; /* in `block` */
	uint32_t count, taken;
	char *block;
};

struct index {
	struct ext *ext;
	const struct node *folder;
	struct level levels[MAX_LEVELS];
	unsigned depth;
	uint32_t hash;
};

static int read_block(struct index *index, uint32_t number, char *to)
{
	uint32_t size = index->ext->lib->blocksize;
	uint64_t at = (uint64_t)number * size;

	if (at >= index->folder->size || index->folder->size - at < size)
		return -EAGAIN;
	return ext_map_read(index->ext, at, to, size);
}

/* Checks the pairs that begin at `at` of the level's block. */
static bool take_pairs(struct index *index, struct level *level, size_t at)
{
	uint32_t size = index->ext->lib->blocksize;
	struct count count;

	memcpy(&count, level->block + at, sizeof(count));
	level->pairs = (struct pair *)(void *)(level->block + at);
	level->count = le16_get(count.count);
	return level->count && level->count <= le16_get(count.limit) &&
	       level->count <= (size - at) / sizeof(struct pair);
}

/* The last pair whose hash is not greater than the one that is looked for. */
static void choose_pair(const struct index *index, struct level *level)
{
	uint32_t low = 0, high = level->count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (le32_get(level->pairs[middle].hash) <= index->hash)
			low = middle;
		else
			high = middle;
	}
	level->taken = low;
}

static int take_hash(struct index *index, const struct root_info *info, struct text name, bool fold)
{
	const struct ext2_super_block *super = index->ext->lib->super;
	int version = info->hash_version;
	uint32_t hash, minor;

	if (version <= EXT2_HASH_TEA && (super->s_flags & EXT2_FLAGS_UNSIGNED_HASH))
		version += EXT2_HASH_LEGACY_UNSIGNED;
	if (ext2fs_dirhash2(version, name.at, (int)name.len,
		    fold ? index->ext->lib->encoding : NULL, fold ? EXT4_CASEFOLD_FL : 0,
		    super->s_hash_seed, &hash, &minor))
		return -EAGAIN;
	index->hash = hash & ~(uint32_t)1;
	return 0;
}

/* Reads the node that the level above points to. */
static int read_level(struct index *index, unsigned number)
{
	struct level *level = &index->levels[number];
	const struct level *above = &index->levels[number - 1];
	int err = read_block(
		index, le32_get(above->pairs[above->taken].block) & BLOCK_MASK, level->block);

	if (err)
		return err;
	return take_pairs(index, level, NODE_HEAD) ? 0 : -EAGAIN;
}

static int read_root(struct index *index, struct text name, bool fold)
{
	struct level *root = &index->levels[0];
	struct root_info info;
	int err = read_block(index, 0, root->block);

	if (err)
		return err;
	memcpy(&info, root->block + ROOT_INFO, sizeof(info));
	if (le32_get(info.reserved) || info.length != sizeof(info) || info.levels >= MAX_LEVELS ||
		!take_pairs(index, root, ROOT_INFO + sizeof(info)))
		return -EAGAIN;
	index->depth = info.levels + 1u;
	return take_hash(index, &info, name, fold);
}

/* Goes to the leaf that must hold the name. */
static int descend(struct index *index, unsigned from)
{
	int err = 0;

	for (unsigned i = from; i < index->depth && !err; i++) {
		err = i ? read_level(index, i) : 0;
		if (!err)
			choose_pair(index, &index->levels[i]);
	}
	return err;
}

/* Goes to the next leaf if names of this hash go on there. 1: they do not. */
static int next_leaf(struct index *index)
{
	unsigned i = index->depth;
	struct level *level;
	uint32_t hash;

	do {
		if (!i--)
			return 1;
		level = &index->levels[i];
	} while (level->taken + 1 >= level->count);
	hash = le32_get(level->pairs[++level->taken].hash);
	if (!(hash & 1) || (hash & ~(uint32_t)1) != index->hash)
		return 1;
	for (i++; i < index->depth; i++) {
		int err = read_level(index, i);

		if (err)
			return err;
		index->levels[i].taken = 0;
	}
	return 0;
}

/* Looks through the leaves; `block` is room for one. */
static int search_leaves(struct index *index, char *block, ext_visit *visit, void *context)
{
	int ret = descend(index, 0);

	for (unsigned leaf = 0; !ret && leaf < MAX_LEAVES; leaf++) {
		const struct level *last = &index->levels[index->depth - 1];

		ret = read_block(
			index, le32_get(last->pairs[last->taken].block) & BLOCK_MASK, block);
		if (!ret)
			ret = ext_visit_block(
				index->ext, block, index->ext->lib->blocksize, visit, context);
		/* Found. */
		if (ret > 0)
			return 0;
		if (!ret)
			ret = next_leaf(index);
	}
	return ret > 0 ? 0 : ret;
}

int ext_htree_search(struct ext *ext, const struct node *folder, struct text name, bool fold,
	ext_visit *visit, void *context)
{
	struct index index = {.ext = ext, .folder = folder};
	size_t size = ext->lib->blocksize;
	char *room;
	int err = ext_map(ext, folder);

	if (err)
		return err;
	room = arena_array(ext->arena, MAX_LEVELS + 1, size);
	if (!room)
		return -ENOMEM;
	for (unsigned i = 0; i < MAX_LEVELS; i++)
		index.levels[i].block = room + i * size;
	err = read_root(&index, name, fold);
	if (!err)
		err = search_leaves(&index, room + MAX_LEVELS * size, visit, context);
	arena_release(ext->arena, room);
	return err;
}
