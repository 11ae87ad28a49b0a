/* What only an inspector can give of a content: asked for at a read, kept while there is room. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/query/inspector.h"
#include "fuse/loop/parked.h"

struct content_node;
struct daemon;

/*
 * Part of a content that has PIECE_LATER. Its memory may go between two reads, least recently
 * used first; it is asked for again then. So one slow reader takes no memory from others.
 */
struct later {
	struct later *next_full, *next_hungry;
	int fd;              /* a memfd with the bytes at their offsets; -1: none */
	uint64_t bytes;      /* what it counts for in the cache, also while it is asked for */
	uint32_t reads;      /* that need the memory right now */
	int64_t used_ms;     /* when it was read last */
	bool hungry;         /* waits for memory */
	int64_t deadline_ms; /* of waiting and asking together */
	struct task task;
	struct parked_list waiting; /* reads */
	struct timer timer;         /* while hungry its deadline, while unused the memory's end */
};

struct laters {
	struct later *full, *hungry;
	uint64_t bytes;    /* of all full ones */
	struct timer feed; /* memory came free */
};

void laters_init(struct daemon *daemon);

void later_init(struct later *later);

/* For the end of a content that nobody uses. */
void later_done(struct content_node *content);

/*
 * Gets the memory of a used content, or waits until others leave some; later->waiting is resumed
 * with it, or with an error at the deadline. Perhaps before this returns.
 */
void later_ask(struct content_node *content);

/* A read begins that needs the memory (which is there), and ends. */
void later_begin_read(struct content_node *content);
void later_end_read(struct content_node *content);

/* Nobody has the content open any more: its memory goes soon. And somebody has again. */
void later_unused(struct content_node *content);
void later_used(struct content_node *content);
