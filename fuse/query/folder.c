/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/folder.h"

#include "core/hash.h"

#include <errno.h>

/* Bytes of a decoded name below .disk, which is at most 1,024 long. */
enum { REQUEST_MEMORY = 64 * 1024 };

static struct folder *folder_new(struct daemon *daemon, struct text name)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return NULL;
	folder->name = strndup(name.at, name.len);
	if (!folder->name) {
		free(folder);
		return NULL;
	}
	arena_init(&folder->arena, REQUEST_MEMORY);
	owner_add(&daemon->owners, &folder->owner, OWNER_FOLDER);
	folder->daemon = daemon;
	return folder;
}

static size_t name_bucket(struct text name)
{
	return hash_text(HASH_START, name) % FOLDER_BUCKETS;
}

/* Into its place by serial number, which is the end but when the numbers have gone round. */
static void list_domain(struct daemon *daemon, struct folder *folder)
{
	struct folder *last = daemon->last_folder;
	struct folder **at = &daemon->folders;

	if (last && last->owner.serial < folder->owner.serial)
		at = &last->next;
	while (*at && (*at)->owner.serial < folder->owner.serial)
		at = &(*at)->next;
	folder->next = *at;
	*at = folder;
	if (!folder->next)
		daemon->last_folder = folder;
	at = &daemon->by_name[name_bucket(text_of(folder->name))];
	folder->next_by_name = *at;
	*at = folder;
	folder->listed = true;
}

struct folder *folder_new_domain(struct daemon *daemon, const struct domain *domain)
{
	struct folder *folder = folder_new(daemon, domain->name);

	if (!folder)
		return NULL;
	folder->domain = domain;
	folder->query.whole_domain = true;
	list_domain(daemon, folder);
	return folder;
}

static int folder_set_request(struct folder *folder, struct text name)
{
	folder->request = arena_new(&folder->arena, struct disk_request);
	if (!folder->request)
		return -ENOMEM;
	return disk_request_parse(name, &folder->arena, folder->request);
}

static int folder_new_disk(struct daemon *daemon, struct text name, pid_t pid, struct folder **ret)
{
	struct folder *folder = folder_new(daemon, name);
	int r;

	if (!folder)
		return -ENOMEM;
	folder->pid = pid;
	folder->next = daemon->disk_folders;
	daemon->disk_folders = folder;
	r = folder_set_request(folder, name);
	if (!r && folder->request->login) {
		folder->login = login_take(&daemon->logins, pid, folder->request->login);
		r = folder->login ? 0 : -EINVAL;
	}
	if (r)
		folder_drop(folder);
	else
		*ret = folder;
	return r;
}

int folder_of_disk(struct daemon *daemon, struct text name, pid_t pid, struct folder **ret)
{
	struct folder *folder = daemon->disk_folders;

	while (folder && (folder->dead || folder->pid != pid || !text_is(name, folder->name)))
		folder = folder->next;
	if (!folder)
		return folder_new_disk(daemon, name, pid, ret);
	folder->recheck = true;
	*ret = folder;
	return 0;
}

struct folder *folder_find(const struct daemon *daemon, struct text name)
{
	struct folder *folder = daemon->by_name[name_bucket(name)];

	while (folder && !text_is(name, folder->name))
		folder = folder->next_by_name;
	return folder;
}

static void list_remove(struct folder **at, const struct folder *folder)
{
	while (*at && *at != folder)
		at = &(*at)->next;
	if (*at)
		*at = folder->next;
}

static void unlist_domain(struct daemon *daemon, const struct folder *folder)
{
	struct folder **at = &daemon->by_name[name_bucket(text_of(folder->name))];
	struct folder *before = NULL, *other;

	for (other = daemon->folders; other != folder; other = other->next)
		before = other;
	if (before)
		before->next = folder->next;
	else
		daemon->folders = folder->next;
	if (daemon->last_folder == folder)
		daemon->last_folder = before;
	while (*at != folder)
		at = &(*at)->next_by_name;
	*at = folder->next_by_name;
}

void folder_unlist(struct folder *folder)
{
	unlist_domain(folder->daemon, folder);
	folder->listed = false;
	folder->domain = NULL;
	folder_drop(folder);
}

void folder_set_snapshot(struct folder *folder, struct snapshot *snapshot)
{
	if (folder->snapshot) {
		folder->snapshot->folder = NULL;
		snapshot_unref(folder->snapshot);
	}
	folder->snapshot = snapshot;
	if (!snapshot)
		return;
	snapshot->folder = folder;
	snapshot->shown_in = folder->owner.serial;
}

void folder_drop(struct folder *folder)
{
	if (folder->listed || folder->owner.lookups)
		return;
	list_remove(&folder->daemon->disk_folders, folder);
	parked_resume(&folder->waiting, ENOENT);
	query_abort(folder);
	folder_set_snapshot(folder, NULL);
	owner_remove(&folder->daemon->owners, &folder->owner);
	login_free(folder->login);
	arena_done(&folder->arena);
	free(folder->last_error);
	free(folder->name);
	free(folder);
}

bool folder_has_other_volumes(const struct folder *folder)
{
	const struct snapshot *snapshot = folder->snapshot;

	if (snapshot->tree.volumes != folder->daemon->config->volumes)
		return true;
	if (!snapshot->looked_into || !folder->query.disks || !snapshot->disks)
		return false;
	return !folder->request || disks_differ(snapshot->disks, folder->query.disks);
}

static int64_t folder_fresh_ms(const struct folder *folder)
{
	return folder->checked_ms + folder->daemon->config->cache_ttl_ms - now_ms();
}

bool folder_is_fresh(const struct folder *folder)
{
	if (folder->dead || !folder->snapshot || !snapshot_is_whole(folder->snapshot))
		return false;
	if (folder->request)
		return !folder->recheck && snapshot_has_disks(folder->snapshot);
	return folder->shown_by == folder->daemon->generation && folder_fresh_ms(folder) > 0;
}

double folder_fresh_s(const struct folder *folder)
{
	int64_t ms = folder->request ? 0 : folder_fresh_ms(folder);

	return ms > 0 ? (double)ms / 1000 : 0;
}
