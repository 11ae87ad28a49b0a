/* Filters of system calls, built from tables. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "core/syscalls.h"

#include <stddef.h>
#include <stdint.h>

/* What happens with a call. */
enum seccomp_kind {
	KILL, /* SIGSYS: dead, or a handler's last words (inspect/sandbox_sigsys.h) */
	ALLOW,
	REFUSE,  /* EPERM */
	ABSENT,  /* ENOSYS, as from a kernel that does not have it */
	PRETEND, /* 0, as if it were done */

	/* By the arguments. */
	WRITE,     /* the descriptor is one that may be written to; else KILL */
	ANONYMOUS, /* mmap of memory, neither a file nor executable, else KILL; not huge, else REFUSE */
	PROTECT,     /* mprotect: not executable; else KILL */
	STAT_OPEN,   /* newfstatat of a descriptor, not of a name; else REFUSE */
	STATX_OPEN,  /* the same for statx */
	MEASURE,     /* ioctl: size and sector size of a block device; else REFUSE */
	FLAGS,       /* fcntl: F_GETFD, F_SETFD, F_GETFL; else REFUSE */
	MORE_FLAGS,  /* F_SETFL as well */
	ASK_PROCESS, /* prctl: the PR_GET_... that tell something; else REFUSE */
	ASK_LIMIT,   /* prlimit64: our own, not a new one; else REFUSE */
	GIVE_BACK, /* madvise: memory that is not needed; how big its pages shall be; else REFUSE */
	WAIT_FUTEX, /* futex: wait and wake within this process; else ABSENT */
	READ_ONLY,  /* openat for reading; else REFUSE */
	THREAD,     /* clone for a thread of this process; else REFUSE */
	SECCOMP_KINDS,
};

struct seccomp_rule {
	uint32_t call; /* SYS_... */
	enum seccomp_kind kind;
};

/* What happens with every call, by number. A value: all KILL, and of no others, when zeroed. */
struct seccomp_policy {
	enum seccomp_kind kinds[512];
	const int *write_fds; /* for WRITE */
	size_t n_write_fds;
};

/*
 * Every call that this source knows becomes `known`; those whose number Linux gave to none when it
 * was written become ABSENT.
 */
void seccomp_set_all(struct seccomp_policy *policy, enum seccomp_kind known);

/* Sets these calls; what stood there before is forgotten. */
void seccomp_set(struct seccomp_policy *policy, const struct seccomp_rule *rules, size_t n);

/* Puts it into force for this process. Needs no_new_privs. -1 with errno. */
int seccomp_load(const struct seccomp_policy *policy) MUST_CHECK;
