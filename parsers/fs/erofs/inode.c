/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/erofs/erofs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum {
	INODE_SLOT_BITS = 5, /* inode numbers count slots of 32 bytes */
	EXTENDED = 1,        /* in `format` */
	LAYOUT_SHIFT = 1,
	LAYOUT_MASK = 7,
	ATTRIBUTE_HEAD = 12, /* bytes in front of attributes, one slot of four included */
};

/* 32 bytes; the extended form has 64. */
struct compact_inode {
	struct le16 format, attributes, mode, links;
	struct le32 size, reserved, data, number;
	struct le16 uid, gid;
	struct le32 reserved2;
};
_Static_assert(sizeof(struct compact_inode) == 32, "a compact inode");

struct extended_inode {
	struct le16 format, attributes, mode, reserved;
	struct le64 size;
	struct le32 data, number, uid, gid;
	struct le64 mtime;
	struct le32 mtime_ns, links, reserved2[4];
};
_Static_assert(sizeof(struct extended_inode) == 64, "an extended inode");

int erofs_read_meta(struct erofs *erofs, uint64_t at, void *buf, size_t len)
{
	const unsigned char *bytes;
	int r = readcache_get(&erofs->cache, at, len, &bytes);

	if (r < 0)
		return r == -ERANGE ? -EUCLEAN : r;
	memcpy(buf, bytes, len);
	return 0;
}

static enum node_type type_of(uint32_t mode)
{
	if (S_ISREG(mode))
		return NODE_FILE;
	if (S_ISDIR(mode))
		return NODE_FOLDER;
	return S_ISLNK(mode) ? NODE_LINK : NODE_OTHER;
}

static int read_compact(struct erofs *erofs, uint64_t at, struct node *ret)
{
	struct compact_inode raw;
	int r = erofs_read_meta(erofs, at, &raw, sizeof(raw));

	if (r < 0)
		return r;
	ret->size = le32_get(raw.size);
	ret->mtime_s = erofs->build_time_s;
	ret->aux[EROFS_AUX_START] = le32_get(raw.data);
	ret->aux[EROFS_AUX_BEHIND] = at + sizeof(raw);
	return 0;
}

static int read_extended(struct erofs *erofs, uint64_t at, struct node *ret)
{
	struct extended_inode raw;
	int r = erofs_read_meta(erofs, at, &raw, sizeof(raw));

	if (r < 0)
		return r;
	ret->size = le64_get(raw.size);
	ret->mtime_s = (int64_t)le64_get(raw.mtime);
	ret->aux[EROFS_AUX_START] = le32_get(raw.data);
	ret->aux[EROFS_AUX_BEHIND] = at + sizeof(raw);
	return 0;
}

/* Makes the node fit its type and layout, whatever the inode says. */
static int check_node(uint32_t format, struct node *node)
{
	uint32_t layout = format >> LAYOUT_SHIFT & LAYOUT_MASK;

	if (format >> LAYOUT_SHIFT & ~(uint32_t)LAYOUT_MASK || layout > EROFS_CHUNKS)
		return -EUCLEAN;
	node->aux[EROFS_AUX_LAYOUT] = layout;
	if (node->size > INT64_MAX || (node->type == NODE_LINK && node->size > EROFS_TARGET_MAX))
		return -EUCLEAN;
	if (node->type == NODE_OTHER)
		node->size = 0;
	return 0;
}

int erofs_read_inode(struct erofs *erofs, uint64_t number, struct node *ret)
{
	uint64_t at = erofs->inodes + (number << INODE_SLOT_BITS);
	struct compact_inode head; /* both forms begin alike */
	uint32_t attributes;
	int r;

	if (number > erofs->dev.size >> INODE_SLOT_BITS)
		return -EUCLEAN;
	r = erofs_read_meta(erofs, at, &head, sizeof(head));
	if (r < 0)
		return r;
	*ret = (struct node){
		.type = type_of(le16_get(head.mode)),
		.ino = number,
		.mode = le16_get(head.mode) & 07777,
	};
	r = le16_get(head.format) & EXTENDED ? read_extended(erofs, at, ret)
					     : read_compact(erofs, at, ret);
	if (r < 0)
		return r;
	attributes = le16_get(head.attributes);
	if (attributes)
		ret->aux[EROFS_AUX_BEHIND] += ATTRIBUTE_HEAD + (attributes - 1) * 4;
	ret->ctime_s = ret->mtime_s;
	return check_node(le16_get(head.format), ret);
}
