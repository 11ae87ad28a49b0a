/* A domain's folder, or that of a disk below .disk: asks when it is looked into. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"
#include "fuse/host/daemon.h"
#include "fuse/tree/diskname.h"
#include "fuse/query/match.h"
#include "fuse/loop/parked.h"

struct opening;

/*
 * Asks in steps: its disks are opened in a worker (below .disk: the disk, then the domain it may
 * belong to is looked for, then that domain's other disks), then an inspector runs. All of it has
 * one deadline, and whatever happens ends in a snapshot: without an answer, one that says why.
 */
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

	struct snapshot *snapshot;   /* referenced; NULL: never looked into */
	int64_t checked_ms;          /* when that was known to be true */
	time_t answered_s;           /* the same by the wall clock; 0: never */
	char *last_error;            /* why nothing could boot then; NULL: something can */
	uint32_t asked_by, shown_by; /* daemon->generation of the question and of the snapshot */
	struct parked_list waiting;

	struct opening *opening; /* out with a worker; NULL: none */
	bool stuck;              /* a worker hangs in opening its disks since an earlier question */
	bool disk_hangs;         /* a worker hangs in looking at its first disk */
	struct match match;
	struct disks *disks; /* opened ones, until they go into a snapshot */
	char *note;          /* for the log: whose disk it is; NULL: nothing to say */
	char *refused;       /* why its one-shot entry is not honoured; NULL: it is, or none */
	bool whole_domain;   /* below .disk: the domain is found, or there is none */
	uint64_t told;       /* hash of the error that the log was told last; 0: it can boot */
	struct run run;
	struct timer deadline;
	int64_t deadline_ms;
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

/* Asks if it does not already: folder->waiting is resumed then, perhaps before this returns. */
void folder_ask(struct folder *folder);
