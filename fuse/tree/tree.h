/* The files of one inspection: which exist, their names, numbers, sizes and texts. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"
#include "model/inspection.h"

/* What a file or folder is. The numbers are part of inode numbers; none is 0. */
enum node_kind {
	NODE_FOLDER = 1, /* a domain's or a disk's own folder */
	NODE_DISKS,      /* ".disk" */
	NODE_MENU,
	NODE_JSON,
	NODE_LOG,
	NODE_ERROR,
	NODE_ONE_SHOT,
	NODE_DEFAULT,
	NODE_ENTRIES,
	NODE_ENTRY,
	NODE_TITLE,
	NODE_ID,
	NODE_PATH,
	NODE_KERNEL,
	NODE_INITRD,
	NODE_CMDLINE,
	NODE_KERNEL_INFO,
	NODE_SOURCE,
	NODE_SCRIPT,
	NODE_DEVICETREE,
	NODE_XEN,
	NODE_STATUS,       /* ".status" */
	NODE_STATS,        /* ".stats" */
	NODE_VOLUMES,      /* "volumes" */
	NODE_VOLUME_GROUP, /* "lvm" of "lvm/vg-root"; entry: the first volume of that group */
	NODE_VOLUME,       /* a volume's root, or any folder in it; entry: the volume, or 0 */
	NODE_VOLUME_FILE,  /* in such a folder; entry: place in its listing */
	NODE_VOLUME_LINK,  /* likewise */
};
#define NODE_KINDS (NODE_VOLUME_LINK + 1)

struct node {
	enum node_kind kind;
	uint32_t entry; /* index of the entry, where the kind belongs to one; else 0 */
};

static inline bool node_is_volumes(const struct node *node)
{
	return node->kind >= NODE_VOLUMES && node->kind <= NODE_VOLUME_LINK;
}

enum node_type { TYPE_FOLDER, TYPE_TEXT, TYPE_LINK, TYPE_CONTENT };

/*
 * One inspection as a tree. Borrows the inspection and the domain's name (empty: none). A value;
 * tree_done() frees its index.
 */
struct tree {
	const struct inspection *inspection;
	struct text domain;
	struct menu_entry **entries; /* by index */
	uint32_t n_entries;
	uint64_t sizes[NODE_ENTRIES]; /* of the texts on top; 0: not known yet */
	bool volumes;                 /* are they shown? tree_init() says no */
};

/* Longest name of a node, with its NUL. */
enum { TREE_NAME = 256 };

/*
 * Inode numbers: the owner (a folder, an inspection...; from 1), the entry and the kind. Owner 0
 * has the root (1, as FUSE wants it), ".disk" (2), ".status" and ".stats".
 */
enum {
	ROOT_ID = NODE_FOLDER,
	DISKS_ID = NODE_DISKS,
	STATUS_ID = NODE_STATUS,
	STATS_ID = NODE_STATS
};
enum { TREE_MAX_ENTRIES = 1 << 24 }; /* entries with a higher index have no folder */

static inline uint64_t node_id(uint32_t owner, struct node node)
{
	return (uint64_t)owner << 32 | (uint64_t)node.entry << 8 | (uint64_t)node.kind;
}

static inline uint32_t node_owner(uint64_t id)
{
	return (uint32_t)(id >> 32);
}

static inline struct node node_of(uint64_t id)
{
	return (struct node){(enum node_kind)(id & 0xff), (uint32_t)id >> 8};
}

/* -ENOMEM. */
int tree_init(
	struct tree *tree, const struct inspection *inspection, struct text domain) MUST_CHECK;
void tree_done(struct tree *tree);

enum node_type node_type(enum node_kind kind);

/* Does this inspection have that node? Everything below wants nodes for which this is true. */
bool tree_has(const struct tree *tree, struct node node);

/* The child of that name; false: there is none. */
bool tree_lookup(
	const struct tree *tree, struct node parent, struct text name, struct node *ret) MUST_CHECK;

/*
 * The first child at or behind *place (0 at first), its name, and in *place what comes next.
 * False at the end.
 */
bool tree_next(const struct tree *tree, struct node parent, uint64_t *place, struct node *ret,
	char name[TREE_NAME]) MUST_CHECK;

/* The same three for NODE_VOLUMES and NODE_VOLUME_GROUP, for tree.c only. */
bool tree_has_volume(const struct tree *tree, struct node node);
bool tree_lookup_volume(
	const struct tree *tree, struct node parent, struct text name, struct node *ret) MUST_CHECK;
bool tree_next_volume(const struct tree *tree, struct node parent, uint64_t *place,
	struct node *ret, char name[TREE_NAME]) MUST_CHECK;

/* Appends the whole text of a TYPE_TEXT node, or where a TYPE_LINK leads. */
void tree_render(const struct tree *tree, struct node node, struct strbuf *out);

/* Of a TYPE_CONTENT node. */
const struct content *tree_content(const struct tree *tree, struct node node);

/* Bytes; 0 for folders. May render. -ENOMEM. */
int tree_size(struct tree *tree, struct node node, uint64_t *ret) MUST_CHECK;
