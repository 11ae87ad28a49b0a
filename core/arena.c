/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/arena.h"

#include "core/checked.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

struct arena_block {
	struct arena_block *next, *previous;
	size_t size;
	max_align_t memory[];
};

void arena_init(struct arena *arena, size_t limit)
{
	*arena = (struct arena){.limit = limit};
}

void arena_done(struct arena *arena)
{
	struct arena_block *block, *next;

	for (block = arena->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	arena->blocks = NULL;
	arena->used = 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_block *block;
	size_t whole;

	if (!checked_add(size, sizeof(*block), &whole))
		return NULL;
	if (!range_inside(arena->used, whole, arena->limit))
		return NULL;
	block = calloc(1, whole);
	if (!block)
		return NULL;
	block->size = whole;
	block->next = arena->blocks;
	if (block->next)
		block->next->previous = block;
	arena->blocks = block;
	arena->used += whole;
	return block->memory;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t whole;

	return checked_mul(count, size, &whole) ? arena_alloc(arena, whole) : NULL;
}

void arena_release(struct arena *arena, void *memory)
{
	struct arena_block *block;

	if (!memory)
		return;
	block = (struct arena_block *)((char *)memory - offsetof(struct arena_block, memory));
	if (block->next)
		block->next->previous = block->previous;
	if (block->previous)
		block->previous->next = block->next;
	else
		arena->blocks = block->next;
	arena->used -= block->size;
	free(block);
}

int arena_text(struct arena *arena, struct text text, struct text *ret)
{
	char *copy = arena_alloc(arena, text.len + 1);

	if (!copy)
		return -ENOMEM;
	if (text.len)
		memcpy(copy, text.at, text.len);
	*ret = (struct text){copy, text.len};
	return 0;
}

int arena_printf(struct arena *arena, struct text *ret, const char *format, ...)
{
	va_list args;
	char *copy;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		return -EINVAL;
	copy = arena_alloc(arena, (size_t)n + 1);
	if (!copy)
		return -ENOMEM;
	va_start(args, format);
	vsnprintf(copy, (size_t)n + 1, format, args);
	va_end(args);
	*ret = (struct text){copy, (size_t)n};
	return 0;
}
