/* Asks the kernel to forget what nobody uses, so that our memory for it does not grow for ever. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/host/mount.h"
#include "fuse/tree/owner.h"
#include "fuse/loop/pool.h"

/*
 * The kernel keeps names of old snapshots and of folders below .disk/ until it needs the memory
 * itself, and as long we must know them. When there are more than twice as many as were left the
 * last time (SHRINK_LEAST at least), a reconfiguration of our file system that changes nothing
 * makes it drop all that is not in use.
 */
enum { SHRINK_LEAST = 512, SHRINK_PAUSE_MS = 2000 };

struct shrink {
	struct pool *pool; /* NULL: never */
	const struct owners *owners;
	const struct mount *mount;
	uint32_t more_than;
	struct job job;
	struct timer pause; /* the kernel needs a moment to tell us what it forgot */
	bool busy;
};

void shrink_init(struct shrink *shrink, struct pool *pool, const struct owners *owners,
	const struct mount *mount);

/* After something was added. */
void shrink_if_many(struct shrink *shrink);
