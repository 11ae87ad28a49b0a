/* Starting the inspector's process; for ask.c only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "inspect/ask.h"
#include "inspect/worker.h"

/* What stands in the child's descriptors: fds[i] becomes number i. */
struct spawn {
	int fds[WORKER_DISKS + MAX_DISKS];
	unsigned n_fds;
	const char *inspector;
	struct worker_order order;
};

/*
 * Starts it, in namespaces of its own where `namespaces` and the kernel lets us. The caller
 * waits until the program runs (vfork), so that its own memory is never copied.
 */
int spawn_start(
	struct spawn *spawn, bool namespaces, pid_t *pid, int *pidfd, struct err *err) MUST_CHECK;
