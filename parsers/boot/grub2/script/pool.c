/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/script/pool.h"

#include "core/checked.h"

#include <errno.h>
#include <string.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(SANITIZED)
enum { CHUNK = 1 };
#else
enum { CHUNK = 32 << 10 };
#endif

struct grub_chunk {
	struct grub_chunk *below;
	size_t size, used;
	max_align_t memory[];
};

static struct grub_chunk *push_chunk(struct grub_pool *pool, size_t size)
{
	struct grub_chunk *chunk;
	size_t whole;

	if (size < CHUNK)
		size = CHUNK;
	if (!checked_add(size, sizeof(*chunk), &whole))
		return NULL;
	chunk = pool->spare;
	if (chunk && chunk->size >= size)
		pool->spare = NULL;
	else
		chunk = arena_alloc(pool->arena, whole);
	if (!chunk)
		return NULL;
	if (!chunk->size)
		chunk->size = size;
	chunk->used = 0;
	chunk->below = pool->top;
	pool->top = chunk;
	return chunk;
}

void *grub_pool_alloc(struct grub_pool *pool, size_t size)
{
	struct grub_chunk *chunk = pool->top;
	char *memory;

	if (!checked_add(size, sizeof(max_align_t) - 1, &size))
		return NULL;
	if (CHUNK > 1)
		size -= size % sizeof(max_align_t);
	else
		size -= sizeof(max_align_t) - 1;
	if (!chunk || chunk->size - chunk->used < size || CHUNK == 1)
		chunk = push_chunk(pool, size);
	if (!chunk)
		return NULL;
	memory = (char *)chunk->memory + chunk->used;
	chunk->used += size;
	memset(memory, 0, size);
	return memory;
}

int grub_pool_text(struct grub_pool *pool, struct text text, struct text *ret)
{
	size_t size;
	char *copy;

	if (!checked_add(text.len, (size_t)1, &size))
		return -ENOMEM;
	copy = grub_pool_alloc(pool, size);
	if (!copy)
		return -ENOMEM;
	if (text.len)
		memcpy(copy, text.at, text.len);
	*ret = (struct text){copy, text.len};
	return 0;
}

struct grub_mark grub_pool_mark(const struct grub_pool *pool)
{
	return (struct grub_mark){pool->top, pool->top ? pool->top->used : 0};
}

void grub_pool_release(struct grub_pool *pool, struct grub_mark mark)
{
	while (pool->top != mark.top) {
		struct grub_chunk *chunk = pool->top;

		pool->top = chunk->below;
		if (CHUNK > 1 && !pool->spare && chunk->size == CHUNK)
			pool->spare = chunk;
		else
			arena_release(pool->arena, chunk);
	}
	if (pool->top)
		pool->top->used = mark.used;
}
