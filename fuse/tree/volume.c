/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/volume.h"

#include "core/hash.h"
#include "fuse/ops/ops.h"
#include "wire/look.h"

#include <assert.h>
#include <errno.h>

/* ---- the cache of listings -------------------------------------------------------------------- */

static void listing_unlink(struct volume_folder *folder)
{
	struct cache *cache = folder->snapshot->cache;

	if (folder->newer)
		folder->newer->older = folder->older;
	else
		cache->newest_listing = folder->older;
	if (folder->older)
		folder->older->newer = folder->newer;
	else
		cache->oldest_listing = folder->newer;
	folder->newer = folder->older = NULL;
}

static void listing_link(struct volume_folder *folder)
{
	struct cache *cache = folder->snapshot->cache;

	folder->older = cache->newest_listing;
	if (folder->older)
		folder->older->newer = folder;
	else
		cache->oldest_listing = folder;
	cache->newest_listing = folder;
}

static void listing_forget(struct volume_folder *folder)
{
	if (!folder->listing)
		return;
	listing_unlink(folder);
	folder->snapshot->cache->used -= folder->listing_bytes;
	inspection_free(folder->listing);
	folder->listing = NULL;
}

bool volume_evict_oldest(struct cache *cache)
{
	if (!cache->oldest_listing)
		return false;
	listing_forget(cache->oldest_listing);
	return true;
}

void volume_touch(struct volume_folder *folder)
{
	snapshot_touch(folder->snapshot);
	if (!folder->listing || folder->snapshot->cache->newest_listing == folder)
		return;
	listing_unlink(folder);
	listing_link(folder);
}

/* ---- folders ---------------------------------------------------------------------------------- */

static uint64_t hash_name(uint64_t hash, struct text name)
{
	return seen_mix(hash_bytes(hash, name), name.len);
}

static struct volume_folder **bucket_of(struct daemon *daemon, uint64_t key)
{
	return &daemon->volumes.buckets[key % VOLUME_BUCKETS];
}

static struct volume_folder *find(struct daemon *daemon, uint64_t key, struct snapshot *snapshot,
	const struct volume_folder *parent, uint32_t volume, struct text name)
{
	struct volume_folder *folder = *bucket_of(daemon, key);

	for (; folder; folder = folder->next) {
		if (folder->key == key && folder->snapshot == snapshot &&
			folder->parent == parent && folder->volume == volume && !folder->stale &&
			text_is(name, folder->name))
			return folder;
	}
	return NULL;
}

static struct volume_folder *add(struct daemon *daemon, uint64_t key, struct snapshot *snapshot,
	struct volume_folder *parent, uint32_t volume, struct text name)
{
	struct volume_folder **bucket = bucket_of(daemon, key),
			     *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return NULL;
	folder->name = strndup(name.len ? name.at : "", name.len);
	if (!folder->name) {
		free(folder);
		return NULL;
	}
	owner_add(&daemon->owners, &folder->owner, OWNER_VOLUME);
	folder->daemon = daemon;
	folder->snapshot = snapshot_ref(snapshot);
	folder->parent = parent;
	folder->volume = volume;
	folder->key = key;
	folder->next = *bucket;
	*bucket = folder;
	return folder;
}

struct volume_folder *volume_root(struct daemon *daemon, struct snapshot *snapshot, uint32_t volume)
{
	const struct inspection_volume *said = &snapshot->inspection->volumes[volume];
	uint64_t key = seen_mix(snapshot->owner.serial, volume);
	struct volume_folder *folder = find(daemon, key, snapshot, NULL, volume, TEXT(""));

	if (folder)
		return folder;
	folder = add(daemon, key, snapshot, NULL, volume, TEXT(""));
	if (!folder)
		return NULL;
	folder->mode = said->mode;
	folder->mtime_s = said->mtime_s;
	return folder;
}

static struct volume_folder *volume_child(
	struct volume_folder *parent, const struct look_entry *entry)
{
	struct daemon *daemon = parent->daemon;
	uint64_t key = hash_name(seen_mix(parent->owner.serial, 0), entry->name);
	struct volume_folder *folder =
		find(daemon, key, parent->snapshot, parent, parent->volume, entry->name);

	if (folder)
		return folder;
	folder = add(daemon, key, parent->snapshot, parent, parent->volume, entry->name);
	if (!folder)
		return NULL;
	folder->mode = entry->mode;
	folder->mtime_s = entry->mtime_s;
	folder->path_len = parent->path_len + (parent->parent != NULL) + entry->name.len;
	parent->children++;
	return folder;
}

static bool is_needed(const struct volume_folder *folder)
{
	return folder->owner.lookups || folder->children || folder->users;
}

static void volume_free(struct volume_folder *folder)
{
	struct volume_folder **at = bucket_of(folder->daemon, folder->key);

	while (*at != folder)
		at = &(*at)->next;
	*at = folder->next;
	listing_forget(folder);
	owner_remove(&folder->daemon->owners, &folder->owner);
	snapshot_unref(folder->snapshot);
	free(folder->name);
	free(folder);
}

void volume_drop(struct volume_folder *folder)
{
	while (folder && !is_needed(folder)) {
		struct volume_folder *parent = folder->parent;

		volume_free(folder);
		folder = parent;
		if (folder)
			folder->children--;
	}
}

void volume_use(struct volume_folder *folder)
{
	folder->users++;
}

void volume_unuse(struct volume_folder *folder)
{
	folder->users--;
	volume_drop(folder);
}

struct text volume_name(const struct volume_folder *folder)
{
	return folder->snapshot->inspection->volumes[folder->volume].name;
}

void volume_add_path(const struct volume_folder *folder, struct text name, struct strbuf *out)
{
	size_t start = out->len, at = folder->path_len;

	/* Room for all of it, written from its end: whose parent is whose is known upwards only. */
	for (size_t i = 0; i < at; i++)
		strbuf_addc(out, '/');
	for (; folder->parent && !out->failed; folder = folder->parent) {
		size_t len = strlen(folder->name);

		at -= len;
		memcpy(out->at + start + at, folder->name, len);
		at -= at > 0;
	}
	if (out->len > start && name.len)
		strbuf_addc(out, '/');
	strbuf_add(out, name);
}

/* ---- what is in them -------------------------------------------------------------------------- */

static uint64_t hash_listing(const struct inspection *listing)
{
	_strbuf_ struct strbuf bytes = {0};
	uint64_t hash;

	wire_put_folder(&bytes, &listing->look);
	hash = hash_name(HASH_START, strbuf_text(&bytes));
	return bytes.failed ? 0 : hash;
}

/* A folder is shown at one place only: else a loop of folders would have no end. */
static void hide_folders(struct volume_folder *folder, struct volume_look *look)
{
	struct snapshot *snapshot = folder->snapshot;
	uint32_t room = snapshot->seen.room;
	uint64_t here = seen_mix(folder->volume, look->number), grown;

	if (!folder->parent)
		(void)seen_allow(&snapshot->seen, here, 0);
	for (uint32_t i = 0; i < look->count; i++) {
		struct look_entry *entry = &look->entries[i];

		if (entry->kind == LOOK_FOLDER)
			entry->hidden = !seen_allow(&snapshot->seen,
				seen_mix(folder->volume, entry->identity),
				hash_name(here, entry->name));
	}
	grown = (uint64_t)(snapshot->seen.room - room) * sizeof(struct seen_folder);
	snapshot->bytes += grown;
	snapshot->cache->used += grown;
}

int volume_take(struct volume_folder *folder, struct inspection *listing)
{
	struct cache *cache = folder->snapshot->cache;
	uint64_t hash = hash_listing(listing);

	if (!hash || (folder->listing_hash && folder->listing_hash != hash)) {
		folder->stale = true;
		inspection_free(listing);
		return ESTALE;
	}
	folder->listing_hash = hash;
	hide_folders(folder, &listing->look);
	folder->listing_bytes = listing->arena.used + sizeof(*listing);
	cache_make_room(cache, folder->listing_bytes);
	cache->used += folder->listing_bytes;
	folder->listing = listing;
	listing_link(folder);
	return 0;
}

const struct look_entry *volume_entry(const struct volume_folder *folder, uint32_t index)
{
	const struct volume_look *look = &folder->listing->look;

	return index < look->count && !look->entries[index].hidden ? &look->entries[index] : NULL;
}

const struct look_entry *volume_find(const struct volume_folder *folder, struct text name)
{
	const struct volume_look *look = &folder->listing->look;
	uint32_t low = 0, high = look->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = text_compare(look->entries[middle].name, name);

		if (order == 0)
			return volume_entry(folder, middle);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int volume_place(struct volume_folder *folder, const struct look_entry *entry, struct place *ret)
{
	uint32_t index = (uint32_t)(entry - folder->listing->look.entries);
	enum node_kind kind = entry->kind == LOOK_LINK ? NODE_VOLUME_LINK : NODE_VOLUME_FILE;

	*ret = (struct place){.node = {kind, index}, .volume = folder};
	if (entry->kind == LOOK_FOLDER) {
		ret->node = (struct node){.kind = NODE_VOLUME};
		ret->volume = volume_child(folder, entry);
	}
	if (!ret->volume)
		return -ENOMEM;
	ret->id = node_id(ret->volume->owner.serial, ret->node);
	return 0;
}

/* Nobody writes, nobody becomes somebody else by it; who may read is decided at "volumes". */
static mode_t shown_mode(mode_t type, uint32_t mode)
{
	return type | (mode & 0555);
}

void volume_attr(const struct place *place, struct stat *ret)
{
	const struct volume_folder *folder = place->volume;
	mode_t mode = shown_mode(S_IFDIR, folder->mode);
	int64_t mtime_s = folder->mtime_s;
	uint64_t size = 0;

	if (place->node.kind != NODE_VOLUME) {
		const struct look_entry *entry = volume_entry(folder, place->node.entry);

		assert(entry); /* place_find() saw to it */
		mode = entry->kind == LOOK_LINK ? S_IFLNK | 0777 : shown_mode(S_IFREG, entry->mode);
		mtime_s = entry->mtime_s;
		size = entry->size;
	}
	*ret = (struct stat){
		.st_ino = place->id,
		.st_mode = mode,
		.st_nlink = 1,
		.st_size = (off_t)size,
		.st_blksize = 1 << 20,
		.st_blocks = (blkcnt_t)((size + 511) / 512),
		.st_atim.tv_sec = mtime_s,
		.st_mtim.tv_sec = mtime_s,
		.st_ctim.tv_sec = mtime_s,
	};
}
