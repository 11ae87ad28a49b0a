/* The steps of sandbox_enter() before the system call filter; for sandbox.c and serve/. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "inspect/sandbox.h"

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

/* No file system access at all; a gap where the kernel has no Landlock. Needs no_new_privs. */
void sandbox_landlock(uint32_t *gaps);
