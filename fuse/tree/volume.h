/* Folders of guests' volumes: each asked about when it is looked into, kept while there is room. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/query/inspector.h"
#include "fuse/loop/parked.h"
#include "fuse/tree/snapshot.h"

#include <sys/stat.h>

struct daemon;
struct place;
struct volume_ask;

/*
 * Lives while the kernel knows it or a file in it, while a folder below it lives, and while it is
 * used. Its listing may go between two requests and is asked for again then; the numbers of what
 * is in it are places in that listing, so another one than before makes it stale.
 */
struct volume_folder {
	struct owner owner;
	struct daemon *daemon;
	struct volume_folder *next;   /* in its bucket */
	struct snapshot *snapshot;    /* referenced */
	struct volume_folder *parent; /* NULL: the volume's root */
	char *name;                   /* in the parent */
	size_t path_len;              /* bytes of its path in the volume */
	uint64_t key;
	uint32_t volume; /* index in the snapshot's inspection */
	uint32_t mode;   /* permission bits of the guest */
	int64_t mtime_s; /* seconds since 1970 */
	uint32_t children, users;
	bool stale; /* something else is there by now: ESTALE */

	struct inspection *listing; /* NULL: not asked for, or gone again */
	uint64_t listing_hash;      /* of the first one; 0: there was none */
	uint64_t listing_bytes;     /* what it counts for in the cache */
	struct volume_folder *newer, *older;
	struct volume_ask *asking;
	struct parked_list waiting;
};

enum { VOLUME_BUCKETS = 4096 };

struct volume_folders {
	struct volume_folder *buckets[VOLUME_BUCKETS];
};

/* The root of a volume that the snapshot shows. Must be known or used, or dropped. NULL: no memory. */
struct volume_folder *volume_root(
	struct daemon *daemon, struct snapshot *snapshot, uint32_t volume) MUST_CHECK;

/* Ends it where nobody knows or uses it. */
void volume_drop(struct volume_folder *folder);

/* It stays, listing or not, until volume_unuse(). */
void volume_use(struct volume_folder *folder);
void volume_unuse(struct volume_folder *folder);

static inline bool volume_is_listed(const struct volume_folder *folder)
{
	return folder->listing != NULL;
}

/*
 * Asks what is in it, if it is not asked already; folder->waiting is resumed then, perhaps before
 * this returns. The snapshot must be whole and its disks open.
 */
void volume_ask(struct volume_folder *folder);

/* A new listing. 0, or a positive errno: ESTALE where it is not the one it was. Takes it over. */
int volume_take(struct volume_folder *folder, struct inspection *listing) MUST_CHECK;

/* Of a listed folder: the entry at this place; NULL: none is shown there. */
const struct look_entry *volume_entry(const struct volume_folder *folder, uint32_t index);

/* Of a listed folder: by name. */
const struct look_entry *volume_find(const struct volume_folder *folder, struct text name);

/* Where an entry of a listed folder is. -ENOMEM. */
int volume_place(
	struct volume_folder *folder, const struct look_entry *entry, struct place *ret) MUST_CHECK;

/* The folder itself, or an entry of a listed one. */
void volume_attr(const struct place *place, struct stat *ret);

/* Appends its path in its volume, and "/NAME" where there is one: "usr/lib". */
void volume_add_path(const struct volume_folder *folder, struct text name, struct strbuf *out);

/* GRUB's name of the volume. Only of a whole snapshot. */
struct text volume_name(const struct volume_folder *folder);

/* It was used just now. */
void volume_touch(struct volume_folder *folder);

/* Frees the listing that was used longest ago; false: there is none. */
bool volume_evict_oldest(struct cache *cache);

/* What an inspector's failure means for who asked: a positive errno. Told in the log, if news. */
int volume_error(struct daemon *daemon, struct snapshot *snapshot, const struct err *err);
