/* Filters of system calls, built from tables. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/* What happens with a call that is listed. */
enum seccomp_kind {
	ALLOW,
	WRITE,     /* the first argument is one of the descriptors that may be written to */
	ANONYMOUS, /* mmap of memory that is neither a file nor executable */
	MEASURE,   /* ioctl: size and sector size of a block device; any other EPERM */
	REFUSE,    /* a library tries it and lives with EPERM */
	READ_ONLY, /* openat for reading; any other EPERM */
	THREAD,    /* clone for a thread of this process; any other EPERM */
};

struct seccomp_rule {
	uint32_t call; /* SYS_... */
	enum seccomp_kind kind;
};

struct seccomp_filter {
	struct sock_filter at[512];
	unsigned short count;
};

/* A filter is begun, gets its rules, and is ended with what happens to all other calls. */
void seccomp_begin(struct seccomp_filter *filter);
/* write_fds: two descriptors, only for tables with WRITE. */
void seccomp_add(struct seccomp_filter *filter, const struct seccomp_rule *rules, size_t n,
	const int *write_fds);
void seccomp_end(struct seccomp_filter *filter, uint32_t otherwise);

/* Puts it into force for this process. Needs no_new_privs. -1 with errno. */
int seccomp_load(const struct seccomp_filter *filter);
