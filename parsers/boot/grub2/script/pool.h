/* Short-lived memory: taken in small bites, given back down to a mark. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"

struct grub_chunk;

/*
 * A stack of bytes on top of the inspection's arena, whose limit bounds it. What is allocated
 * after a mark goes when that mark is released; what is allocated last goes first. With the
 * sanitizers every allocation is one of the arena's own, so that they see overruns.
 */
struct grub_pool {
	struct arena *arena;
	struct grub_chunk *top;   /* the one allocations come from; older ones below it */
	struct grub_chunk *spare; /* kept for the next time: most marks are released soon */
};

struct grub_mark {
	struct grub_chunk *top;
	size_t used;
};

/* Zeroed memory, aligned for everything. NULL: the arena is full. */
void *grub_pool_alloc(struct grub_pool *pool, size_t size) MUST_CHECK;

/* A copy with a NUL behind it. -ENOMEM. */
int grub_pool_text(struct grub_pool *pool, struct text text, struct text *ret) MUST_CHECK;

struct grub_mark grub_pool_mark(const struct grub_pool *pool);
void grub_pool_release(struct grub_pool *pool, struct grub_mark mark);

#define grub_pool_new(pool, type) ((type *)grub_pool_alloc((pool), sizeof(type)))
