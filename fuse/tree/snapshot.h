/* One inspection as it is shown: immutable, kept while somebody looks, counted. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/query/disks.h"
#include "fuse/loop/loop.h"
#include "fuse/tree/owner.h"
#include "fuse/tree/seen.h"
#include "fuse/tree/tree.h"

#include <time.h>

struct folder;
struct snapshot;

/* How long a disk below .disk stays open at least. */
enum { ONCE_IDLE_MS = 2000 };

/* The same where so many are open that descriptors may run out. */
enum { CROWDED_IDLE_MS = 50, MAX_IDLE_DISKS = 256 };

/* All that a kernel's and our memory is filled with; least recently used goes first. */
struct cache {
	struct loop *loop;
	struct owners *owners;
	struct snapshot *newest, *oldest; /* all that have an inspection */
	uint64_t used, limit;             /* bytes: inspections and memfds */
	uint64_t evictions;               /* of snapshots, to make room */
	struct volume_folder *newest_listing, *oldest_listing;
	bool volumes;     /* snapshots made from now on show them */
	uint32_t idle_ms; /* disks stay open as long after they were needed last */
	/* Open disks of snapshots that nobody uses. Above the maximum they stay CROWDED_IDLE_MS. */
	uint32_t idle_disks, max_idle_disks;
};

/*
 * Lives while `refs` is not 0: its folder, its contents, open folders, and one for all look-ups of
 * the kernel. While `pins` is not 0 (open files, questions) it is never evicted and its disks
 * stay open.
 */
struct snapshot {
	struct owner owner;
	struct cache *cache;
	struct folder *folder; /* that shows it; NULL: it has another one by now */
	uint32_t shown_in;     /* serial number of that folder, for ever */
	uint32_t refs, pins;
	struct inspection *inspection; /* NULL: evicted; whoever wants it gets ESTALE */
	struct tree tree;              /* only with an inspection */
	struct disks *disks;           /* NULL: none could be opened */
	char *domain;                  /* name, or "" */
	uint64_t hash;                 /* of all that the inspection says */
	uint64_t bytes;                /* what it counts for in the cache */
	struct timespec made;          /* wall clock */
	bool once; /* below .disk: root only, disks checked at each read, nothing shared */
	struct timer idle;
	uint32_t idle_disks; /* what it counts for in the cache while that timer runs */
	struct snapshot *newer, *older;
	/* Of its volumes. */
	struct seen seen;
	bool looked_into, told_skipped; /* told_skipped: in the log, of names that are not shown */
	int64_t hangs_until_ms;         /* a disk did not answer: nobody asks before */
};

/*
 * Takes over inspection and disks (may be NULL), also when it fails. The caller has the one
 * reference. NULL: out of memory.
 */
struct snapshot *snapshot_new(struct cache *cache, struct inspection *inspection,
	struct disks *disks, struct text domain, bool once) MUST_CHECK;

static inline struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	snapshot->refs++;
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot);

/* Are its disks open, or has it none? */
static inline bool snapshot_has_disks(const struct snapshot *snapshot)
{
	return !snapshot->disks || snapshot->disks->n_open;
}

/* Keeps it whole and its disks open; comes with a reference. */
struct snapshot *snapshot_pin(struct snapshot *snapshot);
void snapshot_unpin(struct snapshot *snapshot);

/* Its disks were opened anew and are the same: takes over the descriptors. */
void snapshot_take_disks(struct snapshot *snapshot, struct disks *disks);

/* It was used just now. */
void snapshot_touch(struct snapshot *snapshot);

static inline bool snapshot_is_whole(const struct snapshot *snapshot)
{
	return snapshot->inspection != NULL;
}

/* Evicts listings of volumes, then snapshots until `room` more bytes fit; false: they do not. */
bool cache_make_room(struct cache *cache, uint64_t room);

/* What an inspection says, as a number; equal for equal answers. 0: out of memory. */
uint64_t inspection_hash(const struct inspection *inspection);
