/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/ext/ext.h"

#include "core/bytes.h"
#include "core/checked.h"

#include <errno.h>
#include <limits.h>
#include <ext2fs/ext3_extents.h>
#include <sys/stat.h>

enum { INDEX_WORTH = 16384 /* bytes of a folder that are soon read */ };

int ext_errno(errcode_t error)
{
	if (error == EXT2_ET_NO_MEMORY)
		return -ENOMEM;
	/* Below the library's own codes lie those of the C library. */
	return error < 4096 ? -(int)error : -EUCLEAN;
}

static bool is_checksum_error(errcode_t error)
{
	return error == EXT2_ET_INODE_CSUM_INVALID || error == EXT2_ET_EXTENT_CSUM_INVALID ||
	       error == EXT2_ET_DIR_CSUM_INVALID || error == EXT2_ET_SB_CSUM_INVALID;
}

bool ext_forgive(struct ext *ext, errcode_t error)
{
	if (!is_checksum_error(error) || (ext->lib->flags & EXT2_FLAG_IGNORE_CSUM_ERRORS))
		return false;
	ext->lib->flags |= EXT2_FLAG_IGNORE_CSUM_ERRORS;
	ext_warn_checksum(ext);
	return true;
}

static bool has_extents(const struct ext2_inode *inode)
{
	const struct ext3_extent_header *header = (const void *)inode->i_block;

	return le16toh(header->eh_magic) == EXT3_EXT_MAGIC;
}

/*
 * Lays a fast commit's inode over the one of the disk, which keeps its map: ranges tell how that
 * changed. A file that is new in its number starts with an empty one.
 */
static void lay_fast_inode(struct ext *ext, struct text raw)
{
	static const struct ext3_extent_header empty = {.eh_magic = EXT3_EXT_MAGIC, .eh_max = 4};
	struct ext2_inode *inode = EXT2_INODE(ext->inode);
	struct ext2_inode old = *inode;
	bool same;

	memcpy(ext->inode, raw.at, min_size(raw.len, ext->inode_size));
	same = old.i_generation == inode->i_generation && old.i_mode &&
	       old.i_flags & EXT4_EXTENTS_FL && has_extents(&old);
	if (!(inode->i_flags & EXT4_EXTENTS_FL))
		return;
	memset(inode->i_block, 0, sizeof(inode->i_block));
	if (same)
		memcpy(inode->i_block, old.i_block, sizeof(inode->i_block));
	else
		memcpy(inode->i_block, &empty, sizeof(empty));
}

int ext_read_inode(struct ext *ext, uint64_t ino)
{
	struct ext2_inode *inode = EXT2_INODE(ext->inode);
	struct text fast = ext_fast_inode(&ext->fast, (uint32_t)ino);
	errcode_t error;

	if (ino == 0 || ino > ext->lib->super->s_inodes_count)
		return -EUCLEAN;
	do {
		error = ext2fs_read_inode_full(
			ext->lib, (ext2_ino_t)ino, inode, (int)ext->inode_size);
	} while (error && ext_forgive(ext, error));
	if (!error && fast.len)
		lay_fast_inode(ext, fast);
	return error ? ext_errno(error) : 0;
}

/* Seconds since 1970; large inodes have two more bits for the time after 2038. */
static int64_t inode_time(const struct ext *ext, uint32_t seconds, uint32_t extra, size_t extra_end)
{
	int64_t time = (int32_t)seconds;
	size_t end = ext->inode_size > EXT2_GOOD_OLD_INODE_SIZE
			     ? (size_t)EXT2_GOOD_OLD_INODE_SIZE + ext->inode->i_extra_isize
			     : EXT2_GOOD_OLD_INODE_SIZE;

	if (extra_end <= end)
		time += (int64_t)(extra & 3) << 32;
	return time;
}

static enum node_type mode_type(uint32_t mode)
{
	if (S_ISREG(mode))
		return NODE_FILE;
	if (S_ISDIR(mode))
		return NODE_FOLDER;
	return S_ISLNK(mode) ? NODE_LINK : NODE_OTHER;
}

#define FIELD_END(field) \
	(offsetof(struct ext2_inode_large, field) + sizeof(((struct ext2_inode_large *)0)->field))

static int ext_node(struct ext *ext, uint64_t ino, struct node *ret)
{
	const struct ext2_inode_large *inode = ext->inode;
	uint32_t ctime_extra = 0, mtime_extra = 0;
	int err = ext_read_inode(ext, ino);

	if (err)
		return err;
	if (ext->inode_size >= FIELD_END(i_mtime_extra)) {
		ctime_extra = inode->i_ctime_extra;
		mtime_extra = inode->i_mtime_extra;
	}
	*ret = (struct node){
		.type = mode_type(inode->i_mode),
		.ino = ino,
		.size = EXT2_I_SIZE(inode),
		.mtime_s = inode_time(ext, inode->i_mtime, mtime_extra, FIELD_END(i_mtime_extra)),
		.ctime_s = inode_time(ext, inode->i_ctime, ctime_extra, FIELD_END(i_ctime_extra)),
		.mode = inode->i_mode & 07777,
		.generation = inode->i_generation,
	};
	return ret->size <= INT64_MAX ? 0 : -EUCLEAN;
}

static int ext_root(struct fs *fs, struct node *ret)
{
	int err = ext_node(to_ext(fs), EXT2_ROOT_INO, ret);

	if (err)
		return err;
	return ret->type == NODE_FOLDER ? 0 : -EUCLEAN;
}

struct search {
	struct ext *ext;
	struct text name;
	bool casefold;
	uint32_t ino;
};

static bool is_name(const struct search *search, struct text name)
{
	if (text_equal(name, search->name))
		return true;
	return search->casefold &&
	       ext2fs_casefold_cmp(search->ext->lib->encoding, (const void *)name.at, name.len,
		       (const void *)search->name.at, search->name.len) == 0;
}

static int search_visit(void *context, struct text name, uint32_t ino)
{
	struct search *search = context;

	if (!is_name(search, name))
		return 0;
	search->ino = ino;
	return 1;
}

/* Is the folder so big that its index is worth reading? */
static bool has_index(const struct ext *ext, const struct node *folder)
{
	return (ext->inode->i_flags & (EXT2_INDEX_FL | EXT4_ENCRYPT_FL | EXT4_INLINE_DATA_FL)) ==
		       EXT2_INDEX_FL &&
	       folder->size > INDEX_WORTH;
}

/* What the fast commits did last to a name that `search` wants; NULL: nothing. */
static const struct ext_fast_name *find_fast(const struct search *search, const struct node *folder)
{
	const struct ext_fast *fast = &search->ext->fast;

	for (uint32_t i = fast->n_names; i; i--) {
		const struct ext_fast_name *name = &fast->names[i - 1];

		if (name->parent == folder->ino && is_name(search, name->name))
			return name;
	}
	return NULL;
}

static int ext_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret)
{
	struct ext *ext = to_ext(fs);
	struct search search = {.ext = ext, .name = name};
	const struct ext_fast_name *fast;
	int err = ext_read_inode(ext, folder->ino);

	if (err)
		return err;
	search.casefold = (ext->inode->i_flags & EXT4_CASEFOLD_FL) && ext->lib->encoding;
	fast = find_fast(&search, folder);
	if (fast)
		return fast->ino ? ext_node(ext, fast->ino, ret) : -ENOENT;
	err = -EAGAIN;
	if (has_index(ext, folder))
		err = ext_htree_search(ext, folder, name, search.casefold, search_visit, &search);
	if (err == -EAGAIN)
		err = ext_each_entry(ext, folder, search_visit, &search);
	if (err < 0)
		return err;
	return search.ino ? ext_node(ext, search.ino, ret) : -ENOENT;
}

/* A listing: the names of the disk that no fast commit touched, then those that it added. */
struct names {
	struct ext *ext;
	const struct node *folder;
	fs_visit *visit;
	void *context;
};

static int names_visit(void *context, struct text name, uint32_t ino __attribute__((unused)))
{
	const struct names *names = context;
	const struct search search = {.ext = names->ext, .name = name};

	if (find_fast(&search, names->folder))
		return 0;
	return names->visit(names->context, name);
}

static int ext_list(struct fs *fs, const struct node *folder, fs_visit *visit, void *context)
{
	struct ext *ext = to_ext(fs);
	struct names names = {ext, folder, visit, context};
	int ret = ext_each_entry(ext, folder, names_visit, &names);

	for (uint32_t i = 0; i < ext->fast.n_names && !ret; i++) {
		const struct ext_fast_name *name = &ext->fast.names[i];
		const struct search search = {.ext = ext, .name = name->name};

		if (name->parent == folder->ino && name->ino && find_fast(&search, folder) == name)
			ret = visit(context, name->name);
	}
	return ret;
}

/* Copies what of [offset, offset + len) lies in `from`, which begins at `at` of the content. */
static void copy_part(struct text from, uint64_t at, uint64_t offset, char *buf, size_t len)
{
	uint64_t start = offset > at ? offset : at;
	uint64_t end = min_u64(offset + len, at + from.len);

	if (start < end)
		memcpy(buf + (start - offset), from.at + (start - at), (size_t)(end - start));
}

static int read_inline(
	struct ext *ext, const struct node *node, uint64_t offset, void *buf, size_t len)
{
	struct text start, rest;
	int err = ext_inline(ext, node->size, &start, &rest);

	if (err)
		return err;
	copy_part(start, 0, offset, buf, len);
	copy_part(rest, start.len, offset, buf, len);
	return 0;
}

/* Bytes of any node; `len` is what is left of it at most. */
static ssize_t read_content(
	struct ext *ext, const struct node *node, uint64_t offset, void *buf, size_t len)
{
	int err;

	if (offset >= node->size)
		return 0;
	len = (size_t)min_u64(min_u64(len, node->size - offset), SSIZE_MAX);
	err = ext_read_inode(ext, node->ino);
	if (err)
		return err;
	if (ext->inode->i_flags & EXT4_ENCRYPT_FL)
		return -ENOTSUP;
	if (ext_is_inline(ext)) {
		err = read_inline(ext, node, offset, buf, len);
	} else {
		err = ext_map(ext, node);
		if (!err)
			err = ext_map_read(ext, offset, buf, len);
	}
	return err ? err : (ssize_t)len;
}

static ssize_t ext_read(
	struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len)
{
	return read_content(to_ext(fs), file, offset, buf, len);
}

static ssize_t ext_readlink(struct fs *fs, const struct node *link, char *buf, size_t size)
{
	struct ext *ext = to_ext(fs);
	int err = ext_read_inode(ext, link->ino);

	if (err)
		return err;
	if (link->size > size)
		return -ENAMETOOLONG;
	if (ext_is_inline(ext) || !ext2fs_is_fast_symlink(EXT2_INODE(ext->inode)))
		return read_content(ext, link, 0, buf, size);
	memcpy(buf, ext->inode->i_block, (size_t)link->size);
	return (ssize_t)link->size;
}

static int ext_extents(struct fs *fs, const struct node *file, struct extents *ret)
{
	struct ext *ext = to_ext(fs);
	int err = ext_read_inode(ext, file->ino);

	if (err)
		return err;
	if (ext_is_inline(ext) || (ext->inode->i_flags & EXT4_ENCRYPT_FL))
		return -ENOTSUP;
	err = ext_map(ext, file);
	for (uint32_t i = 0; !err && i < ext->map.count; i++) {
		const struct extent *run = &ext->map.at[i];

		if (run->kind == EXTENT_ZERO)
			err = extents_add(ret, EXTENT_ZERO, 0, 0, run->length);
		else
			err = blockdev_map(&ext->dev, run->at, run->length, ret);
	}
	return err;
}

static const char *const ext_names[] = {"ext2", "ext3", "ext4dev", NULL};

const struct fs_ops ext_ops = {
	.name = "ext4",
	.more_names = ext_names,
	.probe = ext_probe,
	.open = ext_open,
	.root = ext_root,
	.find = ext_find,
	.list = ext_list,
	.readlink = ext_readlink,
	.read = ext_read,
	.extents = ext_extents,
	.close = ext_close,
	.changed = ext_changed,
};
