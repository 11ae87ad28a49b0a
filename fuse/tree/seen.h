/* Which folders of a volume were shown, and where: a damaged or hostile one shows one twice. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

/* Of one snapshot. More than this many are not shown: a walk must come to its end. */
enum { SEEN_MOST = 1 << 20 };

struct seen_folder {
	uint64_t folder; /* 0: an empty slot */
	uint64_t place;
};

/* A zeroed struct is empty. */
struct seen {
	struct seen_folder *slots;
	uint32_t count, room; /* room: a power of two, or 0 */
};

void seen_done(struct seen *seen);

/*
 * May the folder with this number be shown at this place (a number for parent and name)? Yes the
 * first time, and at that very place for ever; no at another one, when there are too many, and
 * when memory is out.
 */
bool seen_allow(struct seen *seen, uint64_t folder, uint64_t place);

/* Mixes two numbers into one that is never 0. */
uint64_t seen_mix(uint64_t a, uint64_t b);
