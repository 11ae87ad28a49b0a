/* A domain's folder, or that of a disk below .disk: its name, its snapshot, its query. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"
#include "fuse/host/daemon.h"
#include "fuse/tree/diskname.h"
#include "fuse/query/query.h"
#include "fuse/loop/parked.h"

struct folder {
	struct owner owner;
	struct folder *next; /* in daemon->folders, or below .disk in daemon->disk_folders */
	struct folder *next_by_name; /* in its bucket of daemon->by_name */
	struct daemon *daemon;
	char *name;
	bool listed; /* in daemon->folders */

	const struct domain *domain;  /* in daemon->config; NULL: below .disk, or it is gone */
	struct disk_request *request; /* below .disk; else NULL */
	struct login *login;          /* the request's; NULL: none */
	struct arena arena;           /* of the request */
	pid_t pid;                    /* below .disk: who looked it up */
	bool recheck; /* below .disk: looked up again, so the disk must be looked at again */
	bool dead; /* below .disk: the disk is not what it was; a new look-up gives a new folder */

	struct snapshot *snapshot; /* referenced; NULL: never looked into */
	int64_t checked_ms;        /* when that was known to be true */
	time_t answered_s;         /* the same by the wall clock; 0: never */
	char *last_error;          /* why nothing could boot then; NULL: something can */
	uint32_t shown_by;         /* daemon->generation of the query that found it */
	struct parked_list waiting;

	struct query query;
	bool disk_hangs;       /* a worker hangs in the stat of its first disk, to match it */
	uint64_t logged_error; /* hash of the error that was logged last; 0: it can boot */
};

/* A domain's folder, in daemon->folders. NULL: out of memory. */
struct folder *folder_new_domain(struct daemon *daemon, const struct domain *domain) MUST_CHECK;

/*
 * The folder for a look-up below .disk: a new one, or that of an earlier look-up of the same
 * process, whose inode numbers stay where the disk turns out to be unchanged (cp compares them).
 * -EINVAL: no such name; -ENOMEM.
 */
int folder_of_disk(
	struct daemon *daemon, struct text name, pid_t pid, struct folder **ret) MUST_CHECK;

/* NULL: no domain of that name. */
struct folder *folder_find(const struct daemon *daemon, struct text name);

/* Its domain is no longer configured. */
void folder_unlist(struct folder *folder);

/* Frees it where it is neither listed nor known to the kernel; ends what it asks for. */
void folder_drop(struct folder *folder);

/* Has it a snapshot that can be shown without asking? */
bool folder_is_fresh(const struct folder *folder);

/* How long that remains so, in seconds; 0 below .disk. */
double folder_fresh_s(const struct folder *folder);

/* Shows this snapshot, and no other any more. Takes over the reference; NULL: shows nothing. */
void folder_set_snapshot(struct folder *folder, struct snapshot *snapshot);

/*
 * May a folder of a volume be another one by now? Whoever opens a domain's volumes again sees
 * them read again. Below .disk all belongs to one look-up: as long as no image file has changed.
 */
bool folder_has_other_volumes(const struct folder *folder);
