/* Gives up everything but reading the passed descriptors and writing the answer. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "inspect/seccomp.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sandbox_settings {
	uid_t uid; /* (uid_t)-1: keep; 0 is refused */
	gid_t gid;
	uint64_t memory;      /* RLIMIT_AS, bytes */
	uint32_t cpu_seconds; /* RLIMIT_CPU */
	bool private_root;    /* started in a mount namespace of its own: pivot to an empty root */
	int keep_fds;         /* descriptors 0 ... keep_fds - 1 stay, all others are closed */
	int parent_fd;        /* a socket whose end of file means that the parent is gone; or -1 */
	int more_fds;         /* so many more may be opened by calls of more_calls */
	int write_fds[2];     /* the only descriptors that may be written to */
	const struct seccomp_rule *more_calls; /* besides those that every inspector may make */
	size_t n_more_calls;
};

/*
 * In the order of SECURITY.md; after it returns 0 the process may see guest bytes. Fails closed
 * for uid and seccomp; what a kernel lacks besides (Landlock, pivot) weakens: *gaps gets its
 * enum sandbox_gap bits. parent_fd is closed.
 */
int sandbox_enter(
	const struct sandbox_settings *settings, uint32_t *gaps, struct err *err) MUST_CHECK;
