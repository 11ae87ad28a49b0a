/* Memory with one owner and one limit: allocated piece by piece, freed all at once. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"
#include "core/text.h"

#include <stddef.h>

/*
 * Every allocation is a malloc of its own, so that the sanitizers see overruns. The limit counts
 * bytes asked for plus a fixed cost each, and is the memory bound of whatever a guest can make
 * us build. A zeroed struct is an arena without memory; see arena_init().
 */
struct arena {
	struct arena_block *blocks;
	size_t used;  /* bytes */
	size_t limit; /* bytes */
};

void arena_init(struct arena *arena, size_t limit);

/* Frees everything; the arena may be used again. */
void arena_done(struct arena *arena);

/* Zeroed memory that dies with the arena. NULL: over the limit or out of memory. */
void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;

/* The same for `count` things of `size` bytes; NULL also where the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size) MUST_CHECK;

/*
 * Gives back the newest bytes: frees one allocation made by arena_alloc() at once. For large
 * temporary buffers only; everything else dies with the arena.
 */
void arena_release(struct arena *arena, void *memory);

/* A copy with a NUL behind it (text.at is a C string where the text holds no NUL). -ENOMEM. */
int arena_text(struct arena *arena, struct text text, struct text *ret) MUST_CHECK;

/* A formatted text with a NUL behind it. -ENOMEM. */
int arena_printf(struct arena *arena, struct text *ret, const char *format, ...)
	PRINTF_LIKE(3, 4) MUST_CHECK;

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define _arena_                CLEANUP(arena_done)
