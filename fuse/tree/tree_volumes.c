/* The part of a snapshot's tree that shows volumes/. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/tree.h"

/*
 * A volume's name as folders: "hd0,msdos1", or "lvm" and in it "vg-root". The names are the
 * inspector's word: what cannot be a file's name is not shown.
 */
struct shown {
	struct text group; /* empty: none */
	struct text name;
};

static bool is_name(struct text name)
{
	return name.len && name.len < TREE_NAME && text_find(name, '/') == name.len &&
	       text_find(name, '\0') == name.len && !text_is(name, ".") && !text_is(name, "..");
}

static bool volume_shown(const struct tree *tree, uint32_t index, struct shown *ret)
{
	const struct inspection_volume *volume = &tree->inspection->volumes[index];
	size_t slash = text_find(volume->name, '/');

	if (!volume->readable)
		return false;
	*ret = (struct shown){.name = volume->name};
	if (slash < volume->name.len) {
		ret->group = text_first(volume->name, slash);
		ret->name = text_skip(volume->name, slash + 1);
		if (!is_name(ret->group))
			return false;
	}
	return is_name(ret->name);
}

/* What a volume is called in this folder, and what it is there; false: it is not in it. */
static bool child_of(const struct tree *tree, struct node parent, uint32_t index, struct text *name,
	enum node_kind *kind)
{
	struct shown shown, group;

	if (!volume_shown(tree, index, &shown))
		return false;
	if (parent.kind == NODE_VOLUMES) {
		*name = shown.group.len ? shown.group : shown.name;
		*kind = shown.group.len ? NODE_VOLUME_GROUP : NODE_VOLUME;
		return true;
	}
	*name = shown.name;
	*kind = NODE_VOLUME;
	return volume_shown(tree, parent.entry, &group) && text_equal(shown.group, group.group);
}

/* The first volume of that name stands for all: there are few. */
bool tree_lookup_volume(
	const struct tree *tree, struct node parent, struct text name, struct node *ret)
{
	for (uint32_t i = 0; i < tree->inspection->n_volumes; i++) {
		enum node_kind kind;
		struct text other;

		if (!child_of(tree, parent, i, &other, &kind) || !text_equal(name, other))
			continue;
		*ret = (struct node){kind, i};
		return true;
	}
	return false;
}

bool tree_next_volume(const struct tree *tree, struct node parent, uint64_t *place,
	struct node *ret, char name[TREE_NAME])
{
	while (*place < tree->inspection->n_volumes) {
		uint32_t index = (uint32_t)(*place)++;
		enum node_kind kind;
		struct text own;

		if (!child_of(tree, parent, index, &own, &kind) ||
			!tree_lookup_volume(tree, parent, own, ret) || ret->entry != index)
			continue;
		memcpy(name, own.at, own.len);
		name[own.len] = '\0';
		return true;
	}
	return false;
}

bool tree_has_volume(const struct tree *tree, struct node node)
{
	struct node top = {.kind = NODE_VOLUMES}, first;
	uint64_t place = 0;
	char name[TREE_NAME];
	struct shown shown;

	if (!tree->volumes)
		return false;
	if (node.kind == NODE_VOLUMES)
		return node.entry == 0 && tree_next_volume(tree, top, &place, &first, name);
	if (node.entry >= tree->inspection->n_volumes || !volume_shown(tree, node.entry, &shown))
		return false;
	return node.kind == NODE_VOLUME || shown.group.len;
}
