/* What an inode number names: owner, entry and kind. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/folder.h"
#include "fuse/ops/ops.h"

#include <errno.h>

static int place_find_snapshot(struct owner *owner, struct place *ret)
{
	ret->snapshot = container_of(owner, struct snapshot, owner);
	if (!snapshot_is_whole(ret->snapshot) || !tree_has(&ret->snapshot->tree, ret->node))
		return -ESTALE;
	return 0;
}

static int place_find_volume(struct owner *owner, struct place *ret)
{
	const struct volume_folder *folder;

	ret->volume = container_of(owner, struct volume_folder, owner);
	folder = ret->volume;
	if (folder->stale || !snapshot_is_whole(folder->snapshot))
		return -ESTALE;
	if (ret->node.kind != NODE_VOLUME && folder->listing &&
		!volume_entry(folder, ret->node.entry))
		return -ESTALE;
	return 0;
}

/* What an administrator switches off must not live on where somebody still looks at it. */
static bool is_switched_off(const struct daemon *daemon, const struct node *node)
{
	return node_is_volumes(node) && !daemon->config->volumes;
}

int place_find(struct daemon *daemon, fuse_ino_t ino, struct place *ret)
{
	struct owner *owner;

	*ret = (struct place){.id = ino, .node = node_of(ino)};
	if (ino == ROOT_ID || ino == DISKS_ID || place_is_text_of_root(ret))
		return 0;
	owner = owner_find(&daemon->owners, node_owner(ino));
	if (!owner || is_switched_off(daemon, &ret->node))
		return -ESTALE;
	switch (owner->kind) {
	case OWNER_FOLDER:
		ret->folder = container_of(owner, struct folder, owner);
		return ret->node.kind == NODE_FOLDER ? 0 : -ESTALE;
	case OWNER_SNAPSHOT:
		return place_find_snapshot(owner, ret);
	case OWNER_CONTENT:
		ret->content = container_of(owner, struct content_node, owner);
		return snapshot_is_whole(ret->content->snapshot) ? 0 : -ESTALE;
	case OWNER_VOLUME:
		return place_find_volume(owner, ret);
	}
	return -ESTALE;
}

int place_of_node(
	struct daemon *daemon, struct snapshot *snapshot, struct node node, struct place *ret)
{
	*ret = (struct place){.node = node};
	if (node.kind == NODE_VOLUME) {
		ret->node.entry = 0;
		ret->volume = volume_root(daemon, snapshot, node.entry);
		if (!ret->volume)
			return -ENOMEM;
		ret->id = node_id(ret->volume->owner.serial, ret->node);
		return 0;
	}
	if (node_type(node.kind) != TYPE_CONTENT || !content_may_be_shared(snapshot, node)) {
		ret->snapshot = snapshot;
		ret->id = node_id(snapshot->owner.serial, node);
		return 0;
	}
	ret->content = content_get(daemon, snapshot, node);
	if (!ret->content)
		return -ENOMEM;
	ret->id = node_id(ret->content->owner.serial, (struct node){.kind = node.kind});
	return 0;
}

struct content_node *place_content(struct daemon *daemon, struct place *place)
{
	if (!place->content && place->snapshot && node_type(place->node.kind) == TYPE_CONTENT)
		place->content = content_get(daemon, place->snapshot, place->node);
	return place->content;
}

static mode_t type_mode(enum node_type type, bool group)
{
	switch (type) {
	case TYPE_FOLDER:
		return S_IFDIR | (group ? 0550 : 0500);
	case TYPE_LINK:
		return S_IFLNK | 0777;
	case TYPE_TEXT:
	case TYPE_CONTENT:
		break;
	}
	return S_IFREG | (group ? 0440 : 0400);
}

mode_t node_mode(enum node_kind kind)
{
	return type_mode(node_type(kind), false);
}

/* Its size changes with what it says. */
static int status_size(const struct daemon *daemon, uint64_t *ret)
{
	_strbuf_ struct strbuf text = {0};

	status_render(daemon, &text);
	*ret = text.len;
	return text.failed;
}

int place_attr(struct daemon *daemon, const struct place *place, struct stat *ret)
{
	struct snapshot *snapshot = place->content ? place->content->snapshot : place->snapshot;
	bool private = place->id == DISKS_ID || place->id == STATUS_ID ||
		       node_is_volumes(&place->node) || (snapshot && snapshot->once) ||
		       (place->folder && place->folder->request);
	struct node node = place->content ? place->content->node : place->node;
	enum node_type type = node_type(node.kind);
	/* Folders keep their times: tar complains of one that changes while it is read. */
	struct timespec when = daemon->started;
	uint64_t size = 0;

	if (place->volume) {
		volume_attr(place, ret);
		return 0;
	}
	if (snapshot && tree_size(&snapshot->tree, node, &size))
		return -ENOMEM;
	if (place->id == STATUS_ID && status_size(daemon, &size))
		return -ENOMEM;
	if (snapshot)
		when = place->content ? place->content->since : snapshot->made;
	*ret = (struct stat){
		.st_ino = place->id,
		.st_mode = type_mode(type, daemon->group && !private),
		.st_nlink = 1, /* of a folder: says nothing about how many are in it */
		.st_gid = private ? 0 : daemon->group,
		.st_size = (off_t)size,
		.st_blksize = 1 << 20,
		.st_blocks = (blkcnt_t)((size + 511) / 512),
		.st_atim = when,
		.st_mtim = when,
		.st_ctim = when,
	};
	return 0;
}

static struct owner *place_owner(struct place *place)
{
	if (place->content)
		return &place->content->owner;
	if (place->volume)
		return &place->volume->owner;
	if (place->snapshot)
		return &place->snapshot->owner;
	return place->folder ? &place->folder->owner : NULL;
}

void place_known(struct place *place)
{
	struct owner *owner = place_owner(place);

	if (!owner)
		return;
	if (owner->lookups++ == 0 && place->snapshot)
		snapshot_ref(place->snapshot);
}

void place_unused(struct place *place)
{
	if (place->content)
		content_drop(place->content);
	else if (place->volume)
		volume_drop(place->volume);
	else if (place->folder)
		folder_drop(place->folder);
}
