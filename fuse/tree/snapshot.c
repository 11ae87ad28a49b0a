/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/snapshot.h"

#include "core/checked.h"
#include "core/hash.h"
#include "fuse/tree/volume.h"
#include "wire/inspection.h"

uint64_t inspection_hash(const struct inspection *inspection)
{
	_strbuf_ struct strbuf bytes = {0};
	uint64_t hash;

	wire_put_inspection(&bytes, inspection);
	if (bytes.failed)
		return 0;
	hash = hash_bytes(HASH_START, strbuf_text(&bytes)); /* a guest can only fool itself */
	return hash ? hash : 1;
}

static void cache_add(struct cache *cache, struct snapshot *snapshot)
{
	snapshot->older = cache->newest;
	if (snapshot->older)
		snapshot->older->newer = snapshot;
	else
		cache->oldest = snapshot;
	cache->newest = snapshot;
}

static void cache_remove(struct cache *cache, struct snapshot *snapshot)
{
	if (snapshot->newer)
		snapshot->newer->older = snapshot->older;
	else
		cache->newest = snapshot->older;
	if (snapshot->older)
		snapshot->older->newer = snapshot->newer;
	else
		cache->oldest = snapshot->newer;
	snapshot->newer = snapshot->older = NULL;
}

void snapshot_touch(struct snapshot *snapshot)
{
	if (!snapshot_is_whole(snapshot) || snapshot->cache->newest == snapshot)
		return;
	cache_remove(snapshot->cache, snapshot);
	cache_add(snapshot->cache, snapshot);
}

static void snapshot_end_idle(struct snapshot *snapshot)
{
	timer_stop(&snapshot->idle);
	snapshot->cache->idle_disks -= snapshot->idle_disks;
	snapshot->idle_disks = 0;
}

/* Frees all but the shell that the kernel may still ask for. */
static void snapshot_evict(struct snapshot *snapshot)
{
	snapshot_end_idle(snapshot);
	disks_free(snapshot->disks);
	snapshot->disks = NULL;
	if (!snapshot_is_whole(snapshot))
		return;
	cache_remove(snapshot->cache, snapshot);
	snapshot->cache->used -= snapshot->bytes;
	tree_done(&snapshot->tree);
	seen_done(&snapshot->seen);
	inspection_free(snapshot->inspection);
	snapshot->inspection = NULL;
}

bool cache_make_room(struct cache *cache, uint64_t room)
{
	struct snapshot *snapshot, *newer;

	while (cache->used + room > cache->limit && volume_evict_oldest(cache))
		;
	for (snapshot = cache->oldest; snapshot; snapshot = newer) {
		newer = snapshot->newer;
		if (cache->used + room <= cache->limit)
			return true;
		if (snapshot->pins)
			continue;
		snapshot_evict(snapshot);
		cache->evictions++;
	}
	return cache->used + room <= cache->limit;
}

static void snapshot_idle(struct timer *timer)
{
	struct snapshot *snapshot = container_of(timer, struct snapshot, idle);

	snapshot_end_idle(snapshot);
	/* An open descriptor keeps a logical volume from being taken down. */
	if (snapshot->disks)
		disks_close(snapshot->disks);
}

static void snapshot_await_idle(struct snapshot *snapshot)
{
	struct cache *cache = snapshot->cache;
	uint32_t idle_ms = cache->idle_ms;

	snapshot_end_idle(snapshot);
	if (!snapshot->disks)
		return;
	/* Whoever looks below .disk goes from file to file and must find the same disk. */
	if (snapshot->once && idle_ms < ONCE_IDLE_MS)
		idle_ms = ONCE_IDLE_MS;
	else if (!snapshot->once && cache->idle_disks >= cache->max_idle_disks)
		idle_ms = (uint32_t)min_u64(idle_ms, CROWDED_IDLE_MS);
	snapshot->idle_disks = snapshot->disks->n_open;
	cache->idle_disks += snapshot->idle_disks;
	loop_set_timer(cache->loop, &snapshot->idle, idle_ms);
}

struct snapshot *snapshot_new(struct cache *cache, struct inspection *inspection,
	struct disks *disks, struct text domain, bool once)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	char *name = strndup(domain.len ? domain.at : "", domain.len);

	if (!snapshot || !name || tree_init(&snapshot->tree, inspection, text_of(name))) {
		free(snapshot);
		free(name);
		inspection_free(inspection);
		disks_free(disks);
		return NULL;
	}
	owner_add(cache->owners, &snapshot->owner, OWNER_SNAPSHOT);
	snapshot->tree.volumes = cache->volumes;
	snapshot->cache = cache;
	snapshot->refs = 1;
	snapshot->inspection = inspection;
	snapshot->disks = disks;
	snapshot->domain = name;
	snapshot->hash = inspection_hash(inspection);
	snapshot->bytes = inspection->arena.used +
			  snapshot->tree.n_entries * sizeof(struct menu_entry *) +
			  sizeof(*snapshot);
	clock_gettime(CLOCK_REALTIME, &snapshot->made);
	snapshot->once = once;
	snapshot->idle.fire = snapshot_idle;
	cache_make_room(cache, snapshot->bytes);
	cache->used += snapshot->bytes;
	cache_add(cache, snapshot);
	snapshot_await_idle(snapshot);
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (--snapshot->refs)
		return;
	snapshot_evict(snapshot);
	owner_remove(snapshot->cache->owners, &snapshot->owner);
	free(snapshot->domain);
	free(snapshot);
}

struct snapshot *snapshot_pin(struct snapshot *snapshot)
{
	snapshot->pins++;
	snapshot_end_idle(snapshot);
	return snapshot_ref(snapshot);
}

void snapshot_unpin(struct snapshot *snapshot)
{
	if (--snapshot->pins == 0)
		snapshot_await_idle(snapshot);
	snapshot_unref(snapshot);
}

void snapshot_take_disks(struct snapshot *snapshot, struct disks *disks)
{
	/* Open files read through the old descriptors, which are of the same disks. */
	if (snapshot->pins) {
		disks_free(disks);
		return;
	}
	disks_free(snapshot->disks);
	snapshot->disks = disks;
	snapshot_await_idle(snapshot);
}
