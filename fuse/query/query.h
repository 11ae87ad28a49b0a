/* A folder's query, from the first look inside to what is shown: one state machine. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/query/disks.h"
#include "fuse/query/inspector.h"
#include "fuse/query/match.h"

struct folder;

/*
 *   CLOSED ─▶ OPENING ─────────────────────────────▶ ASKING ─▶ SHOWN ─▶ OPENING ...
 *                │  below .disk, whose disk is it?      ▲         (asked again later)
 *                └────▶ MATCHING ─▶ OPENING ────────────┘
 *
 * A query begins in one of the states at rest (CLOSED, SHOWN, FAILED) and ends in SHOWN or FAILED.
 * One deadline covers all of it. Whatever goes wrong on the way is SHOWN as a snapshot that says
 * why; FAILED is what could not even be shown.
 */
enum query_state {
	QUERY_CLOSED,   /* nobody has looked inside */
	QUERY_OPENING,  /* a worker opens the disks, which may never answer */
	QUERY_MATCHING, /* a worker looks for the domain that has this disk as its first */
	QUERY_ASKING,   /* `task` waits for a free inspector, or has one */
	QUERY_SHOWN,    /* the folder's snapshot is the answer, or tells why there is none */
	QUERY_FAILED,   /* no snapshot: out of memory, or the domain or the disk is gone */
};

/* A worker's job of opening disks. It ends by itself, however long the worker hangs. */
struct opening;

/* Part of the folder. A zeroed struct is CLOSED. */
struct query {
	enum query_state state;
	struct opening *opening; /* QUERY_OPENING: out with a worker; else NULL */
	struct match match;      /* QUERY_MATCHING */
	struct task task;        /* QUERY_ASKING */
	struct timer deadline;   /* runs while opening and matching; the task has its own */
	int64_t deadline_ms;
	struct disks *disks; /* opened ones, until they go into a snapshot */
	char *note;          /* for the log: whose disk it is; NULL: nothing to say */
	char *refused;       /* why its one-shot entry is not honoured; NULL: it is, or none */
	bool whole_domain;   /* below .disk: the domain is found, or there is none */
	bool stuck;          /* a worker of an earlier query hangs in opening these disks */
	uint32_t generation; /* daemon->generation when it began */
};

/* Begins one unless one is on its way. folder->waiting is resumed at its end, perhaps before this
 * returns. */
void query_start(struct folder *folder);

/* Ends it without an answer: the folder is going away. */
void query_abort(struct folder *folder);
