/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/squashfs/squashfs.h"

#include <errno.h>
#include <string.h>

/* Kinds of inodes; the extended ones are the same and FIRST_EXTENDED - 1 more. */
enum {
	KIND_FOLDER = 1,
	KIND_FILE,
	KIND_LINK,
	KIND_SOCKET = 7,
	KIND_EXTENDED_FOLDER,
	KIND_EXTENDED_FILE,
	KIND_EXTENDED_LINK,
	KIND_EXTENDED_SOCKET = 14,
	LISTING_EXTRA = 3, /* a folder's size counts "." and ".." as three bytes */
};

struct head {
	struct le16 kind, mode, uid, gid;
	struct le32 mtime, number;
};
_Static_assert(sizeof(struct head) == 16, "what every inode begins with");

struct folder {
	struct le32 block, links;
	struct le16 size, offset;
	struct le32 parent;
};

struct extended_folder {
	struct le32 links, size, block, parent;
	struct le16 indexes, offset;
	struct le32 attributes;
};

struct file {
	struct le32 start, fragment, offset, size;
};

struct extended_file {
	struct le64 start, size, sparse;
	struct le32 links, fragment, offset, attributes;
};

struct link {
	struct le32 links, size;
};

static void set_folder(const struct squash *squash, uint32_t block, uint32_t offset, uint32_t size,
	struct node *ret)
{
	ret->type = NODE_FOLDER;
	ret->aux[SQUASH_AUX_START] = squash->folders + block;
	ret->aux[SQUASH_AUX_FRAGMENT] = offset;
	ret->aux[SQUASH_AUX_LENGTH] = size > LISTING_EXTRA ? size - LISTING_EXTRA : 0;
}

static int read_folder(struct squash *squash, struct squash_place *place, struct node *ret)
{
	struct folder raw;
	int r = squash_read_meta(squash, place, &raw, sizeof(raw));

	if (r == 0)
		set_folder(
			squash, le32_get(raw.block), le16_get(raw.offset), le16_get(raw.size), ret);
	return r;
}

static int read_extended_folder(struct squash *squash, struct squash_place *place, struct node *ret)
{
	struct extended_folder raw;
	int r = squash_read_meta(squash, place, &raw, sizeof(raw));

	if (r < 0)
		return r;
	set_folder(squash, le32_get(raw.block), le16_get(raw.offset), le32_get(raw.size), ret);
	ret->aux[SQUASH_AUX_LENGTH] |= (uint64_t)le16_get(raw.indexes) << 32;
	return 0;
}

static void set_file(
	uint64_t start, uint64_t size, uint32_t fragment, uint32_t offset, struct node *ret)
{
	ret->type = NODE_FILE;
	ret->size = size;
	ret->aux[SQUASH_AUX_START] = start;
	ret->aux[SQUASH_AUX_FRAGMENT] = fragment | (uint64_t)offset << 32;
}

static int read_file(struct squash *squash, struct squash_place *place, struct node *ret)
{
	struct file raw;
	int r = squash_read_meta(squash, place, &raw, sizeof(raw));

	if (r == 0)
		set_file(le32_get(raw.start), le32_get(raw.size), le32_get(raw.fragment),
			le32_get(raw.offset), ret);
	return r;
}

static int read_extended_file(struct squash *squash, struct squash_place *place, struct node *ret)
{
	struct extended_file raw;
	int r = squash_read_meta(squash, place, &raw, sizeof(raw));

	if (r == 0)
		set_file(le64_get(raw.start), le64_get(raw.size), le32_get(raw.fragment),
			le32_get(raw.offset), ret);
	return r;
}

static int read_link(struct squash *squash, struct squash_place *place, struct node *ret)
{
	struct link raw;
	int r = squash_read_meta(squash, place, &raw, sizeof(raw));

	if (r < 0)
		return r;
	ret->type = NODE_LINK;
	ret->size = le32_get(raw.size);
	return ret->size > SQUASH_TARGET_MAX ? -EUCLEAN : 0;
}

static int read_kind(
	struct squash *squash, uint32_t kind, struct squash_place *place, struct node *ret)
{
	switch (kind) {
	case KIND_FOLDER:
		return read_folder(squash, place, ret);
	case KIND_EXTENDED_FOLDER:
		return read_extended_folder(squash, place, ret);
	case KIND_FILE:
		return read_file(squash, place, ret);
	case KIND_EXTENDED_FILE:
		return read_extended_file(squash, place, ret);
	case KIND_LINK:
	case KIND_EXTENDED_LINK:
		return read_link(squash, place, ret);
	default:
		ret->type = NODE_OTHER;
		return kind && kind <= KIND_EXTENDED_SOCKET ? 0 : -EUCLEAN;
	}
}

int squash_read_inode(struct squash *squash, uint64_t ref, struct node *ret)
{
	struct squash_place place = squash_place_unpack(ref);
	struct head head;
	int r;

	place.block += squash->inodes;
	r = squash_read_meta(squash, &place, &head, sizeof(head));
	if (r < 0)
		return r;
	*ret = (struct node){
		.ino = ref,
		.mtime_s = le32_get(head.mtime),
		.ctime_s = le32_get(head.mtime),
		.mode = le16_get(head.mode) & 07777,
		.generation = le32_get(head.number),
	};
	r = read_kind(squash, le16_get(head.kind), &place, ret);
	ret->aux[SQUASH_AUX_MORE] = squash_place_pack(place);
	return r;
}
