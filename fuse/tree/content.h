/* Kernels, initrds and the like as inodes: one for what is the same, over many inspections. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/tree/deferred.h"
#include "fuse/tree/snapshot.h"
#include "fuse/tree/window.h"

struct daemon;

/* Lives while the kernel knows it or somebody uses it. */
struct content_node {
	struct owner owner;
	struct daemon *daemon;
	struct content_node *next; /* in its bucket */
	uint64_t key;
	struct snapshot *snapshot; /* referenced: the newest that was seen to have it */
	struct node node;          /* where it is in there */
	struct timespec since;     /* when it was seen first: its times */
	uint32_t users;            /* open files and questions */
	struct later later;
};

enum { CONTENT_BUCKETS = 256 };

struct contents {
	struct content_node *buckets[CONTENT_BUCKETS];
};

/* Has it an inode of its own? Else it is one of its snapshot's, and lives only while it is used. */
bool content_may_be_shared(const struct snapshot *snapshot, struct node node);

/*
 * The inode of a content of a whole snapshot: a known one where disk, pieces and the guest's
 * inode are the same, else a new one, which must be looked up or used or it is lost. NULL: out of
 * memory.
 */
struct content_node *content_get(
	struct daemon *daemon, struct snapshot *snapshot, struct node node) MUST_CHECK;

/* Ends it where nobody knows or uses it. */
void content_drop(struct content_node *content);

/* Uses are counted, and pin the snapshot that is meant: content->snapshot stays until the end. */
void content_use(struct content_node *content);
void content_unuse(struct content_node *content);

/* Where its bytes come from. Valid while it is used. */
struct window content_window(const struct content_node *content);

/* Has it bytes that must be asked for first, by later_ask()? */
bool content_must_ask(const struct content_node *content);
