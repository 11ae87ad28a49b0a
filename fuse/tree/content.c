/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/content.h"

#include "fuse/host/daemon.h"

#include <errno.h>

static const struct content *content_of(const struct content_node *content)
{
	return tree_content(&content->snapshot->tree, content->node);
}

/* An answer that says nothing of the guest's inode cannot be told from another. */
bool content_may_be_shared(const struct snapshot *snapshot, struct node node)
{
	return !snapshot->once && snapshot->disks && tree_content(&snapshot->tree, node)->identity;
}

static uint64_t content_key(const struct snapshot *snapshot, struct node node)
{
	const struct content *content = tree_content(&snapshot->tree, node);
	uint64_t key = content->identity ^ content->size << 20 ^ content->count;

	if (!content_may_be_shared(snapshot, node))
		key = node_id(snapshot->owner.serial, node);
	return key * 0x9e3779b97f4a7c15u;
}

static bool same_piece(const struct snapshot *a, const struct piece *piece,
	const struct snapshot *b, const struct piece *other)
{
	if (piece->kind != other->kind || piece->length != other->length ||
		piece->at != other->at || piece->disk != other->disk)
		return false;
	if (piece->kind == PIECE_BYTES)
		return memcmp(a->inspection->menu.bytes.at + piece->at,
			       b->inspection->menu.bytes.at + piece->at, piece->length) == 0;
	return true;
}

/*
 * The same guest inode, at the same place of the same disks of the same domain? Domain and disks
 * come first: what a guest says of its files is true of others, too, made of the same template or
 * by malice.
 */
static bool is_same(const struct content_node *known, struct snapshot *snapshot, struct node node)
{
	const struct content *a, *b = tree_content(&snapshot->tree, node);

	if (known->snapshot == snapshot && known->node.kind == node.kind &&
		known->node.entry == node.entry)
		return true;
	if (!snapshot_is_whole(known->snapshot) ||
		known->snapshot->shown_in != snapshot->shown_in ||
		!disks_are_same(known->snapshot->disks, snapshot->disks) ||
		!content_may_be_shared(known->snapshot, known->node) ||
		!content_may_be_shared(snapshot, node))
		return false;
	a = content_of(known);
	if (a->identity != b->identity || a->size != b->size || a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		if (!same_piece(known->snapshot, &a->pieces[i], snapshot, &b->pieces[i]))
			return false;
	}
	return true;
}

/* The newer snapshot is the one that lives longer; open files stay with theirs. */
static void content_move(struct content_node *content, struct snapshot *snapshot, struct node node)
{
	if (content->users || content->snapshot == snapshot)
		return;
	snapshot_ref(snapshot);
	snapshot_unref(content->snapshot);
	content->snapshot = snapshot;
	content->node = node;
}

static struct content_node *content_new(
	struct daemon *daemon, struct snapshot *snapshot, struct node node, uint64_t key)
{
	struct content_node **bucket = &daemon->contents.buckets[(key >> 40) % CONTENT_BUCKETS];
	struct content_node *content = calloc(1, sizeof(*content));

	if (!content)
		return NULL;
	owner_add(&daemon->owners, &content->owner, OWNER_CONTENT);
	content->daemon = daemon;
	content->key = key;
	content->snapshot = snapshot_ref(snapshot);
	content->node = node;
	content->since = snapshot->made;
	later_init(&content->later);
	content->next = *bucket;
	*bucket = content;
	return content;
}

struct content_node *content_get(struct daemon *daemon, struct snapshot *snapshot, struct node node)
{
	uint64_t key = content_key(snapshot, node);
	struct content_node *content = daemon->contents.buckets[(key >> 40) % CONTENT_BUCKETS];

	for (; content; content = content->next) {
		if (content->key == key && is_same(content, snapshot, node)) {
			content_move(content, snapshot, node);
			return content;
		}
	}
	return content_new(daemon, snapshot, node, key);
}

void content_drop(struct content_node *content)
{
	struct daemon *daemon = content->daemon;
	struct content_node **at =
		&daemon->contents.buckets[(content->key >> 40) % CONTENT_BUCKETS];

	if (content->users || content->owner.lookups)
		return;
	while (*at != content)
		at = &(*at)->next;
	*at = content->next;
	later_done(content);
	snapshot_unref(content->snapshot);
	owner_remove(&daemon->owners, &content->owner);
	free(content);
}

void content_use(struct content_node *content)
{
	if (content->users++ == 0)
		later_used(content);
	snapshot_pin(content->snapshot);
}

void content_unuse(struct content_node *content)
{
	snapshot_unpin(content->snapshot);
	if (--content->users == 0)
		later_unused(content);
	content_drop(content);
}

struct window content_window(const struct content_node *content)
{
	const struct snapshot *snapshot = content->snapshot;
	struct window window = {
		.content = content_of(content),
		.bytes = snapshot->inspection->menu.bytes,
		.later_fd = content->later.fd,
	};

	if (snapshot->disks) {
		window.disks = snapshot->disks->fds;
		window.n_disks = snapshot->disks->n;
	}
	return window;
}

bool content_must_ask(const struct content_node *content)
{
	return content->later.fd < 0 && content_later_bytes(content_of(content)) > 0;
}
