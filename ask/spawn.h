/* Starting our programs with just the descriptors they need; for ask*.c only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ask/ask.h"
#include "wire/order.h"

enum { SPAWN_FDS = WORKER_DISKS + MAX_DISKS + MAX_LAYERS };

/* What stands in the child's descriptors: fds[i] becomes number i. */
struct spawn {
	int fds[SPAWN_FDS];
	unsigned n_fds;
	const char *program;
	int apart; /* CLONE_NEW...: what it gets of its own, all or nothing; 0: nothing */
	const char *const *argv, *const *argv_plain; /* the latter where that is refused */
};

/*
 * Starts it. The caller waits until the program runs (vfork), so that its own memory is never
 * copied.
 */
int spawn_start(struct spawn *spawn, pid_t *pid, int *pidfd, struct err *err) MUST_CHECK;
