/* Linux calls that the C library may lack: each by its number, without flags of a header. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/*
 * glibc has most of these since 2.36, musl lacks them, and the kernel's headers clash with both.
 * From 424 on a call has one number on every architecture but alpha (Linux:
 * scripts/syscall.tbl). Flags and structures are those of include/uapi/linux; each function is
 * the one form of its call that we use, and returns -1 with errno.
 */
#ifndef SYS_pidfd_send_signal /* Linux 5.1 */
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_open_tree /* Linux 5.2 */
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount /* Linux 5.2 */
#define SYS_move_mount 429
#endif
#ifndef SYS_fsopen /* Linux 5.2 */
#define SYS_fsopen 430
#endif
#ifndef SYS_fsconfig /* Linux 5.2 */
#define SYS_fsconfig 431
#endif
#ifndef SYS_fsmount /* Linux 5.2 */
#define SYS_fsmount 432
#endif
#ifndef SYS_fspick /* Linux 5.2 */
#define SYS_fspick 433
#endif
#ifndef SYS_pidfd_open /* Linux 5.3 */
#define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3 /* Linux 5.3 */
#define SYS_clone3 435
#endif
#ifndef SYS_close_range /* Linux 5.9 */
#define SYS_close_range 436
#endif
#ifndef SYS_openat2 /* Linux 5.6 */
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd /* Linux 5.6 */
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_faccessat2 /* Linux 5.8 */
#define SYS_faccessat2 439
#endif
#ifndef SYS_mount_setattr /* Linux 5.12 */
#define SYS_mount_setattr 442
#endif
#ifndef SYS_landlock_create_ruleset /* Linux 5.13 */
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_landlock_restrict_self /* Linux 5.13 */
#define SYS_landlock_restrict_self 446
#endif

/* ---- processes: linux/pidfd.h ---------------------------------------------------------------- */

static inline int kernel_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int kernel_pidfd_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/*
 * getrlimit() and setrlimit() at once (NULL: not that one). The type of a resource is an enum of
 * glibc's, and int elsewhere: one form compiles with both.
 */
_Static_assert(sizeof(struct rlimit) == 16, "the kernel's limits have 64 bits");
static inline int kernel_limit(int resource, const struct rlimit *set, struct rlimit *get)
{
	return (int)syscall(SYS_prlimit64, 0, resource, set, get);
}

/* ---- descriptors: linux/close_range.h; core/descriptors.h is for all kernels ------------------ */

static inline int kernel_close_range(unsigned first, bool on_exec)
{
	const unsigned close_range_cloexec = 1u << 2; /* 5.11 */

	return (int)syscall(SYS_close_range, first, ~0u, on_exec ? close_range_cloexec : 0);
}

/*
 * A file in memory that nobody can execute, where the kernel knows that (6.3); one that insists
 * (vm.memfd_noexec=2) gives no other. `flags` are memfd_create()'s.
 */
static inline int kernel_memory_file(const char *name, unsigned flags)
{
	const unsigned mfd_noexec_seal = 1u << 3;
	int fd = (int)syscall(SYS_memfd_create, name, flags | mfd_noexec_seal);

	return fd < 0 && errno == EINVAL ? (int)syscall(SYS_memfd_create, name, flags) : fd;
}

/* ---- mounts: linux/mount.h ------------------------------------------------------------------- */

/* A new mount, not yet attached, of what lies there; an empty path: of what is open. */
static inline int kernel_open_tree(int folder, const char *path)
{
	const unsigned clone = 1, at_empty_path = 0x1000;

	return (int)syscall(
		SYS_open_tree, folder, path, clone | O_CLOEXEC | (*path ? 0 : at_empty_path));
}

static inline int kernel_move_mount(int tree, const char *path)
{
	const unsigned from_is_open = 4;

	return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, path, from_is_open);
}

/* Adds MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC: MOUNT_ATTR_... have the same values. */
static inline int kernel_mount_attributes(const char *path, bool recursive, unsigned long flags)
{
	const unsigned at_recursive = 0x8000;
	const struct {
		uint64_t set, clear, propagation, user_namespace;
	} attributes = {.set = flags};

	return (int)syscall(SYS_mount_setattr, AT_FDCWD, path, recursive ? at_recursive : 0,
		&attributes, sizeof(attributes));
}

static inline int kernel_fsopen(const char *type)
{
	const unsigned cloexec = 1;

	return (int)syscall(SYS_fsopen, type, cloexec);
}

static inline int kernel_fs_set(int fs, const char *key, const char *value)
{
	const unsigned set_string = 1;

	return (int)syscall(SYS_fsconfig, fs, set_string, key, value, 0);
}

static inline int kernel_fs_create(int fs)
{
	const unsigned create = 6;

	return (int)syscall(SYS_fsconfig, fs, create, NULL, NULL, 0);
}

static inline int kernel_fsmount(int fs, unsigned long flags)
{
	const unsigned cloexec = 1;

	return (int)syscall(SYS_fsmount, fs, cloexec, flags);
}

/* The file system that the open folder is the root of, to be configured once more. */
static inline int kernel_fspick(int folder)
{
	const unsigned cloexec = 1, empty_path = 8;

	return (int)syscall(SYS_fspick, folder, "", cloexec | empty_path);
}

static inline int kernel_fs_reconfigure(int fs)
{
	const unsigned reconfigure = 7;

	return (int)syscall(SYS_fsconfig, fs, reconfigure, NULL, NULL, 0);
}

/* ---- Landlock: linux/landlock.h -------------------------------------------------------------- */

/* ENOSYS: not built in; EOPNOTSUPP: not among the boot's "lsm="; else somebody refuses it. */
static inline int kernel_landlock_create(uint64_t handled_access_fs)
{
	return (int)syscall(
		SYS_landlock_create_ruleset, &handled_access_fs, sizeof(handled_access_fs), 0);
}

static inline int kernel_landlock_restrict(int ruleset)
{
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}
