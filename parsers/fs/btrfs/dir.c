/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/btrfs/btrfs.h"

#include <errno.h>
#include <sys/stat.h>

/* One of the names in an item. */
struct name {
	struct text text;
	bool subvolume;
	uint64_t number; /* of the subvolume, or of the inode in the same tree */
};

/* What stands in a snapshot where a subvolume hung: the kernel shows an empty folder. */
static const struct node empty_folder = {.type = NODE_FOLDER, .mode = 0755};

static enum node_type node_type(uint32_t mode)
{
	if (S_ISREG(mode))
		return NODE_FILE;
	if (S_ISDIR(mode))
		return NODE_FOLDER;
	return S_ISLNK(mode) ? NODE_LINK : NODE_OTHER;
}

static int inode_node(uint64_t tree, const struct btrfs_item *item, struct node *ret)
{
	struct btrfs_disk_inode disk;
	uint32_t mode;

	if (item->size < sizeof(disk))
		return -EUCLEAN;
	memcpy(&disk, item->data, sizeof(disk));
	mode = le32_get(disk.mode);
	*ret = (struct node){
		.type = node_type(mode),
		/* Every subvolume counts its inodes anew: one number that tells both apart. */
		.ino = item->key.object ^ tree << 40,
		.aux = {tree, item->key.object},
		.size = le64_get(disk.size),
		.mtime_s = (int64_t)le64_get(disk.mtime.seconds),
		.ctime_s = (int64_t)le64_get(disk.ctime.seconds),
		.mode = mode & 07777,
		.generation = (uint32_t)le64_get(disk.generation),
	};
	return ret->size > INT64_MAX ? -EUCLEAN : 0;
}

int btrfs_inode_node(struct btrfs *btrfs, uint64_t tree, uint64_t ino, struct node *ret)
{
	struct btrfs_key key = {ino, BTRFS_INODE_ITEM, 0};
	_btrfs_cursor_ struct btrfs_cursor cursor = {0};
	struct btrfs_tree place;
	struct btrfs_item item;
	int r;

	r = btrfs_tree_find(btrfs, tree, &place);
	if (r)
		return r;
	btrfs_cursor_init(&cursor, btrfs, &place);
	r = btrfs_cursor_exact(&cursor, &key, &item);
	if (r <= 0)
		return r ? r : -EUCLEAN;
	return inode_node(tree, &item, ret);
}

/* The name at *at of an item of folder names; *at moves behind it. 1, 0 at the end, -EUCLEAN. */
static int next_name(const struct btrfs_item *item, uint32_t *at, struct name *ret)
{
	struct btrfs_disk_name disk;
	uint32_t size;

	if (*at == item->size)
		return 0;
	if (item->size - *at < sizeof(disk))
		return -EUCLEAN;
	memcpy(&disk, item->data + *at, sizeof(disk));
	ret->text.len = le16_get(disk.name_size);
	ret->text.at = (const char *)item->data + *at + sizeof(disk);
	size = (uint32_t)(sizeof(disk) + ret->text.len + le16_get(disk.data_size));
	if (size > item->size - *at || ret->text.len == 0 || ret->text.len > BTRFS_MAX_NAME)
		return -EUCLEAN;
	*at += size;
	ret->number = le64_get(disk.place.object);
	ret->subvolume = disk.place.type == BTRFS_ROOT_ITEM;
	return 1;
}

/* Looks a name up by its hash: 1, 0 where there is none. */
static int find_name(struct btrfs *btrfs, const struct btrfs_tree *place, uint64_t folder,
	struct text text, struct name *ret)
{
	struct btrfs_key key = {folder, BTRFS_DIR_ITEM, btrfs_name_hash(text)};
	_btrfs_cursor_ struct btrfs_cursor cursor;
	struct btrfs_item item;
	uint32_t at = 0;
	int r;

	btrfs_cursor_init(&cursor, btrfs, place);
	r = btrfs_cursor_exact(&cursor, &key, &item);
	while (r > 0) {
		r = next_name(&item, &at, ret);
		if (r > 0 && text_equal(ret->text, text))
			return 1;
	}
	return r;
}

/*
 * Does the subvolume really hang there? Its name in a snapshot of what it hangs in leads nowhere:
 * else openSUSE's snapshots would hold themselves without end. 1, 0.
 */
static int hangs_there(
	struct btrfs *btrfs, uint64_t tree, uint64_t folder, struct text text, uint64_t subvolume)
{
	struct btrfs_key key = {tree, BTRFS_ROOT_REF, subvolume};
	_btrfs_cursor_ struct btrfs_cursor cursor;
	struct btrfs_disk_ref ref;
	struct btrfs_item item;
	struct text name;
	int r;

	btrfs_cursor_init(&cursor, btrfs, &btrfs->root_tree);
	r = btrfs_cursor_exact(&cursor, &key, &item);
	if (r <= 0)
		return r;
	if (item.size < sizeof(ref))
		return -EUCLEAN;
	memcpy(&ref, item.data, sizeof(ref));
	name = (struct text){(const char *)item.data + sizeof(ref), item.size - sizeof(ref)};
	return le64_get(ref.folder) == folder &&
	       text_equal(text_first(name, le16_get(ref.name_size)), text);
}

static int find_in_tree(
	struct btrfs *btrfs, uint64_t tree, uint64_t folder, struct text text, struct node *ret)
{
	struct btrfs_tree place;
	struct name name;
	int r;

	r = btrfs_tree_find(btrfs, tree, &place);
	if (r)
		return r;
	r = find_name(btrfs, &place, folder, text, &name);
	if (r <= 0)
		return r ? r : -ENOENT;
	if (!name.subvolume)
		return btrfs_inode_node(btrfs, tree, name.number, ret);
	r = hangs_there(btrfs, tree, folder, text, name.number);
	if (r > 0)
		return btrfs_inode_node(btrfs, name.number, BTRFS_FIRST_INO, ret);
	if (r == 0)
		*ret = empty_folder;
	return r;
}

int btrfs_default_find(struct btrfs *btrfs, uint64_t *ret)
{
	struct name name;
	int r;

	*ret = BTRFS_TOP_TREE;
	r = find_name(btrfs, &btrfs->root_tree, BTRFS_DEFAULT_FOLDER, TEXT("default"), &name);
	if (r > 0 && name.subvolume)
		*ret = name.number;
	return r < 0 ? r : 0;
}

/* Is this the root of all, and is there a default subvolume to be seen through it? */
static bool shows_default(const struct btrfs *btrfs, const struct node *folder)
{
	return BTRFS_NODE_TREE(folder) == BTRFS_TOP_TREE &&
	       BTRFS_NODE_INO(folder) == BTRFS_FIRST_INO && btrfs->default_tree != BTRFS_TOP_TREE;
}

int btrfs_dir_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret)
{
	struct btrfs *btrfs = (struct btrfs *)fs;
	bool fall_through = shows_default(btrfs, folder);
	int r;

	if (folder->type != NODE_FOLDER)
		return -ENOTDIR;
	if (BTRFS_NODE_TREE(folder) == 0)
		return -ENOENT;
	r = find_in_tree(btrfs, BTRFS_NODE_TREE(folder), BTRFS_NODE_INO(folder), name, ret);
	if (r == -ENOENT && fall_through)
		r = find_in_tree(btrfs, btrfs->default_tree, BTRFS_FIRST_INO, name, ret);
	return r;
}

static int list_tree(
	struct btrfs *btrfs, uint64_t tree, uint64_t folder, fs_visit *visit, void *context)
{
	struct btrfs_key first = {folder, BTRFS_DIR_INDEX, 0};
	_btrfs_cursor_ struct btrfs_cursor cursor = {0};
	struct btrfs_tree place;
	struct btrfs_item item;
	struct name name;
	uint32_t at;
	int r, stop;

	r = btrfs_tree_find(btrfs, tree, &place);
	if (r)
		return r;
	btrfs_cursor_init(&cursor, btrfs, &place);
	r = btrfs_cursor_from(&cursor, &first, &item);
	while (r > 0 && item.key.object == folder && item.key.type == BTRFS_DIR_INDEX) {
		at = 0;
		r = next_name(&item, &at, &name);
		if (r <= 0)
			return r ? r : -EUCLEAN;
		stop = visit(context, name.text);
		if (stop)
			return stop;
		r = btrfs_cursor_next(&cursor, &item);
	}
	return r < 0 ? r : 0;
}

/* Lists the default subvolume behind the top: what the top has under the same name hides it. */
struct behind {
	struct btrfs *btrfs;
	fs_visit *visit;
	void *context;
};

static int visit_behind(void *context, struct text name)
{
	const struct behind *behind = context;
	struct node node;

	if (find_in_tree(behind->btrfs, BTRFS_TOP_TREE, BTRFS_FIRST_INO, name, &node) == 0)
		return 0;
	return behind->visit(behind->context, name);
}

int btrfs_dir_list(struct fs *fs, const struct node *folder, fs_visit *visit, void *context)
{
	struct btrfs *btrfs = (struct btrfs *)fs;
	struct behind behind = {btrfs, visit, context};
	int r;

	if (folder->type != NODE_FOLDER)
		return -ENOTDIR;
	if (BTRFS_NODE_TREE(folder) == 0)
		return 0;
	r = list_tree(btrfs, BTRFS_NODE_TREE(folder), BTRFS_NODE_INO(folder), visit, context);
	if (r || !shows_default(btrfs, folder))
		return r;
	return list_tree(btrfs, btrfs->default_tree, BTRFS_FIRST_INO, visit_behind, &behind);
}
