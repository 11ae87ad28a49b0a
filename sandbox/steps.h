/* The steps by which a process gives up its rights, before its filter of system calls. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "sandbox/seccomp.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How a process of ours is locked up. */
struct sandbox_settings {
	uid_t uid; /* (uid_t)-1: keep; 0 is refused */
	gid_t gid;
	uint64_t memory;      /* RLIMIT_AS, bytes */
	uint32_t cpu_seconds; /* RLIMIT_CPU */
	bool private_root;    /* started in a mount namespace of its own: pivot to an empty root */
	int keep_fds;         /* descriptors 0 ... keep_fds - 1 stay, all others are closed */
	int parent_fd;        /* a socket whose end of file means that the parent is gone; or -1 */
	int more_fds;         /* so many more may be opened by calls of more_calls */
	int write_fds[4];     /* the only descriptors that may be written to */
	const struct seccomp_rule *more_calls; /* besides those that every inspector may make */
	size_t n_more_calls;
};

/* A folder that is there and a mount of its own; a new root is mounted on it. */
#define SANDBOX_ROOT "/proc"

/*
 * Nothing that is mounted in this namespace from now on is seen outside. In a plain chroot "/" is
 * no mount point and cannot be told so; then only what SANDBOX_ROOT covers is private. -1 with
 * errno.
 */
int sandbox_make_private(void) MUST_CHECK;

/* Makes what is mounted on SANDBOX_ROOT the root; GAP_PIVOT where only chroot() could. */
int sandbox_pivot(uint32_t *gaps, struct err *err) MUST_CHECK;

/*
 * Makes an empty, read-only folder the root. Where that cannot be, *gaps tells; never an error
 * but for a root that is neither the old nor the new one.
 */
int sandbox_root(bool own_namespace, uint32_t *gaps, struct err *err) MUST_CHECK;

/* Drops groups, group, user and every capability, and checks that they are gone. */
int sandbox_user(uid_t uid, gid_t gid, uint32_t *gaps, struct err *err) MUST_CHECK;

/* Groups, group and user only; -EINVAL for root. */
int sandbox_change_user(uid_t uid, gid_t gid, struct err *err) MUST_CHECK;

/* Dies with the parent; an error where the parent is gone already. */
int sandbox_parent(int parent_fd, struct err *err) MUST_CHECK;

/* Memory, processor time, descriptors; no processes, no core, no locked memory. */
int sandbox_limits(const struct sandbox_settings *settings, struct err *err) MUST_CHECK;

/* No file system access at all; a gap where there is no Landlock. Needs no_new_privs. */
void sandbox_landlock(uint32_t *gaps);
