/* Finds things by name: a hash table that only grows. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"

struct index_slot {
	struct text name;
	void *value; /* NULL: an empty slot */
};

/* A zeroed struct is an empty index. Its memory lives in the arena given to index_add(). */
struct index {
	struct index_slot *slots;
	size_t n_slots, used; /* n_slots: a power of two */
};

/* The value that was added under the name; NULL: none. */
void *index_find(const struct index *index, struct text name);

/* Adds a value under a name that is not there yet; borrows the name. -ENOMEM. */
int index_add(struct index *index, struct arena *arena, struct text name, void *value) MUST_CHECK;
