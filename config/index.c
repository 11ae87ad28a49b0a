/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/index.h"

#include "core/hash.h"

#include <errno.h>

/*
 * Names come from the administrator, so nobody aims at collisions. The slot of the name, or the free one where it would go. There is always a free one.
 */
static struct index_slot *find_slot(const struct index *index, struct text name)
{
	size_t mask = index->n_slots - 1, i = (size_t)hash_bytes(HASH_START, name) & mask;

	while (index->slots[i].value && !text_equal(index->slots[i].name, name))
		i = (i + 1) & mask;
	return &index->slots[i];
}

static int grow(struct index *index, struct arena *arena)
{
	struct index bigger = {.n_slots = index->n_slots ? index->n_slots * 2 : 64};

	bigger.slots = arena_array(arena, bigger.n_slots, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < index->n_slots; i++) {
		if (index->slots[i].value)
			*find_slot(&bigger, index->slots[i].name) = index->slots[i];
	}
	bigger.used = index->used;
	arena_release(arena, index->slots);
	*index = bigger;
	return 0;
}

void *index_find(const struct index *index, struct text name)
{
	return index->n_slots ? find_slot(index, name)->value : NULL;
}

int index_add(struct index *index, struct arena *arena, struct text name, void *value)
{
	if (index->used * 2 >= index->n_slots && grow(index, arena))
		return -ENOMEM;
	*find_slot(index, name) = (struct index_slot){name, value};
	index->used++;
	return 0;
}
