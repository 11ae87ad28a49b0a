/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/seen.h"

void seen_done(struct seen *seen)
{
	free(seen->slots);
	*seen = (struct seen){0};
}

uint64_t seen_mix(uint64_t a, uint64_t b)
{
	uint64_t mixed = (a ^ b * 0x9e3779b97f4a7c15u) + 0x632be59bd9b4e019u;

	mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93u;
	mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93u;
	mixed ^= mixed >> 32;
	return mixed ? mixed : 1;
}

/* Where it is, or where it would be. */
static struct seen_folder *slot_of(const struct seen *seen, uint64_t folder)
{
	uint32_t mask = seen->room - 1, at = (uint32_t)seen_mix(folder, 0) & mask;

	while (seen->slots[at].folder && seen->slots[at].folder != folder)
		at = (at + 1) & mask;
	return &seen->slots[at];
}

static bool grow(struct seen *seen)
{
	struct seen bigger = {.count = seen->count, .room = seen->room ? 2 * seen->room : 64};

	bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (uint32_t i = 0; i < seen->room; i++) {
		if (seen->slots[i].folder)
			*slot_of(&bigger, seen->slots[i].folder) = seen->slots[i];
	}
	free(seen->slots);
	*seen = bigger;
	return true;
}

bool seen_allow(struct seen *seen, uint64_t folder, uint64_t place)
{
	struct seen_folder *slot;

	folder = seen_mix(folder, 1);
	if (2 * seen->count >= seen->room && !grow(seen))
		return false;
	slot = slot_of(seen, folder);
	if (slot->folder)
		return slot->place == place;
	if (seen->count == SEEN_MOST)
		return false;
	*slot = (struct seen_folder){folder, place};
	seen->count++;
	return true;
}
