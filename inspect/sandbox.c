/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/sandbox.h"

#include "core/descriptors.h"
#include "core/kernel.h"
#include "inspect/sigsys.h"
#include "model/inspection.h"
#include "sandbox/seccomp.h"
#include "sandbox/steps.h"

#include <errno.h>
#include <sys/prctl.h>

/*
 * The policy: every system call that the inspector may try once it is in the sandbox.
 *
 * - What cannot hurt is allowed, whether today's libraries make the call or not: the next update
 *   of one of them must not stop every guest. Where arguments matter they are checked.
 * - What opens something, or looks up a name, is refused (EPERM): libraries live with that.
 * - What a C library tries first where a kernel is new enough, and what none had when this was
 *   written, does not exist (ENOSYS): it then does what it did before.
 * - Anything else could hurt and kills. It is named in the error, with the libraries' versions.
 *
 * Not ours to decide: Linux lets uretprobe (335) and uprobe (336) of x86-64 pass every filter. They
 * do nothing but below a probe, which only root can set: SIGILL, and ENXIO.
 *
 * tests/system/test_sandbox.py holds this table against what strace sees, and tries every number.
 */
static const struct seccomp_rule rules[] = {
	/* What was passed is read: the disks, the question. */
	{SYS_pread64, ALLOW},        /* by us */
	{SYS_read, ALLOW},           /* by libblkid, with lseek */
	{SYS_lseek, ALLOW},          /* its offset is ours alone: the asker opened the disk again */
	{SYS_readv, ALLOW},          /* the same in pieces, for the next library */
	{SYS_preadv, ALLOW},         /* likewise */
	{SYS_preadv2, ALLOW},        /* likewise */
	{SYS_fstat, ALLOW},          /* glibc from 2.39 on, musl */
	{SYS_newfstatat, STAT_OPEN}, /* fstat() of glibc before 2.39 */
	{SYS_statx, STATX_OPEN},     /* the same, newer */
	{SYS_fstatfs, ALLOW},        /* of what is open */
	{SYS_ioctl, MEASURE},        /* libblkid: size and sector size; other requests fail */
	{SYS_fcntl, FLAGS},          /* fdopen() asks for them */
	{SYS_fadvise64, ALLOW},      /* libblkid */
	{SYS_readahead, ALLOW},      /* the same */
	{SYS_close, ALLOW},          /* what is closed cannot be had again */

	/* Written are the answer and, by libraries that complain, /dev/null. */
	{SYS_pwrite64, WRITE}, /* by us */
	{SYS_write, WRITE},    /* perror() */
	{SYS_writev, WRITE},   /* abort messages of glibc; musl's stdio */
	{SYS_pwritev, WRITE},  /* the same as pwrite */

	/* Memory: RLIMIT_AS bounds it. */
	{SYS_brk, ALLOW},         /* malloc */
	{SYS_mmap, ANONYMOUS},    /* malloc */
	{SYS_munmap, ALLOW},      /* malloc */
	{SYS_mremap, ALLOW},      /* malloc */
	{SYS_mprotect, PROTECT},  /* malloc; libblkid from 2.41 on: its buffers become read-only */
	{SYS_madvise, GIVE_BACK}, /* malloc of glibc and musl */
	{SYS_mlock, REFUSE},      /* libsodium's memory for secrets: none is locked */
	{SYS_mlock2, REFUSE},     /* the same */
	{SYS_munlock, REFUSE},    /* the same */

	/* Who we are: nobody, and nothing here changes it. libext2fs asks before it reads getenv(). */
	{SYS_getuid, ALLOW},             /* libext2fs from 1.47.2 on */
	{SYS_geteuid, ALLOW},            /* likewise */
	{SYS_getgid, ALLOW},             /* likewise */
	{SYS_getegid, ALLOW},            /* likewise */
	{SYS_getresuid, ALLOW},          /* the same in one */
	{SYS_getresgid, ALLOW},          /* the same in one */
	{SYS_getgroups, ALLOW},          /* none are left */
	{SYS_capget, ALLOW},             /* none are left */
	{SYS_prctl, ASK_PROCESS},        /* libext2fs from 1.47.2 on: PR_GET_DUMPABLE */
	{SYS_getpid, ALLOW},             /* 1, in a namespace of its own */
	{SYS_gettid, ALLOW},             /* abort() */
	{SYS_getppid, ALLOW},            /* 0 there */
	{SYS_getpgid, ALLOW},            /* 0 there */
	{SYS_getsid, ALLOW},             /* 0 there */
	{SYS_uname, ALLOW},              /* libext2fs asks how old Linux is */
	{SYS_sysinfo, ALLOW},            /* qsort() of glibc: how much memory is there */
	{SYS_getrlimit, ALLOW},          /* musl */
	{SYS_prlimit64, ASK_LIMIT},      /* getrlimit() of glibc; sysconf() */
	{SYS_getrusage, ALLOW},          /* libext2fs' and zstd's statistics */
	{SYS_getpriority, ALLOW},        /* asks only */
	{SYS_sched_getaffinity, ALLOW},  /* liblzma, zstd: how many processors */
	{SYS_sched_getparam, ALLOW},     /* asks only */
	{SYS_sched_getscheduler, ALLOW}, /* asks only */
	{SYS_getcpu, ALLOW},             /* sched_getcpu() */

	/* Clocks, where the C library does not read them without a call. */
	{SYS_clock_gettime, ALLOW}, /* libext2fs, libuuid */
	{SYS_clock_getres, ALLOW},  /* asks only */
	{SYS_gettimeofday, ALLOW},  /* libuuid */
	{SYS_times, ALLOW},         /* clock() of musl */

	/* Waiting: a question has a deadline, whatever its inspector does. */
	{SYS_nanosleep, ALLOW},       /* usleep() of old C libraries */
	{SYS_clock_nanosleep, ALLOW}, /* of new ones */
	{SYS_sched_yield, ALLOW},     /* locks */
	{SYS_restart_syscall, ALLOW}, /* how Linux goes on waiting after a SIGSTOP */
	{SYS_futex, WAIT_FUTEX},      /* locks, once they are contended */

	/* Random bytes: malloc of glibc, libsodium, hashes' seeds. */
	{SYS_getrandom, ALLOW},

	/* Signals: none is sent, and SIGSYS must reach its handler: blocked, it would kill unnamed. */
	{SYS_rt_sigprocmask, PRETEND}, /* abort(), fork() */
	{SYS_rt_sigaction, REFUSE},    /* abort() */
	{SYS_sigaltstack, REFUSE},     /* asked for by runtimes only */

	/* The end. */
	{SYS_exit_group, ALLOW}, /* _exit() */
	{SYS_exit, ALLOW},       /* the same, as there is one thread */

	/* Names: there are none. libblkid looks into /sys, libraries for settings and languages. */
	{SYS_openat, REFUSE},            /* libblkid */
	{SYS_openat2, REFUSE},           /* the same, newer */
	{SYS_faccessat, REFUSE},         /* access() of newer architectures */
	{SYS_faccessat2, REFUSE},        /* libblkid, where there is a /sys */
	{SYS_readlinkat, REFUSE},        /* libblkid: whose device is it */
	{SYS_statfs, REFUSE},            /* by name */
	{SYS_getcwd, REFUSE},            /* realpath() */
	{SYS_chdir, REFUSE},             /* to nowhere */
	{SYS_fchdir, REFUSE},            /* nowhere either */
	{SYS_getdents64, REFUSE},        /* no folder is open */
	{SYS_name_to_handle_at, REFUSE}, /* libmount's way to tell mounts apart */
	{SYS_getxattr, REFUSE},          /* by name */
	{SYS_lgetxattr, REFUSE},         /* by name */
	{SYS_fgetxattr, REFUSE},         /* disks have none that matter */
	{SYS_listxattr, REFUSE},         /* by name */
	{SYS_llistxattr, REFUSE},        /* by name */
	{SYS_flistxattr, REFUSE},        /* disks have none that matter */
	{SYS_dup, REFUSE},               /* no more descriptors */
	{SYS_dup3, REFUSE},              /* no more descriptors */

	/* As on a kernel that is older than the library. */
	{SYS_rseq, ABSENT},            /* glibc, for threads */
	{SYS_set_robust_list, ABSENT}, /* glibc, for threads */
	{SYS_get_robust_list, ABSENT}, /* the same */
	{SYS_set_tid_address, ABSENT}, /* C libraries, for threads */
	{SYS_membarrier, ABSENT},      /* musl; it would interrupt every processor */
	{SYS_pkey_alloc, ABSENT},      /* memory protection keys */
	{SYS_pkey_free, ABSENT},       /* the same */
	{SYS_pkey_mprotect, ABSENT},   /* mprotect() is there */
	{435, ABSENT},                 /* clone3: then clone, and that kills */
	{436, ABSENT},                 /* close_range: then close */
	{440, ABSENT},                 /* process_madvise: then madvise */
	{449, ABSENT},                 /* futex_waitv */
	{451, ABSENT},                 /* cachestat: it tells what others read */
	{453, ABSENT},                 /* map_shadow_stack */
	{454, ABSENT},                 /* futex_wake: then futex */
	{455, ABSENT},                 /* futex_wait: then futex */
	{456, ABSENT},                 /* futex_requeue: then futex */
	{457, ABSENT},                 /* statmount: libmount */
	{458, ABSENT},                 /* listmount: libmount */
	{459, ABSENT},                 /* lsm_get_self_attr: libselinux and the like */
	{461, ABSENT},                 /* lsm_list_modules: the same */
	{462, ABSENT},                 /* mseal: glibc from 2.42 on */
	{464, ABSENT},                 /* getxattrat */
	{465, ABSENT},                 /* listxattrat */
	{468, ABSENT},                 /* file_getattr */
	{470, ABSENT},                 /* listns */
	{471, ABSENT},                 /* rseq_slice_yield */

#if defined(__x86_64__)           /* Older calls, that newer architectures do without. */
	{SYS_open, REFUSE},       /* musl */
	{SYS_creat, REFUSE},      /* the same as open */
	{SYS_stat, REFUSE},       /* musl */
	{SYS_lstat, REFUSE},      /* musl */
	{SYS_access, REFUSE},     /* musl */
	{SYS_readlink, REFUSE},   /* musl */
	{SYS_getdents, REFUSE},   /* no folder is open */
	{SYS_dup2, REFUSE},       /* no more descriptors */
	{SYS_getpgrp, ALLOW},     /* 0 */
	{SYS_time, ALLOW},        /* the clock */
	{SYS_arch_prctl, ABSENT}, /* glibc: shadow stacks */
#endif
};

/* ---- all of it ----------------------------------------------------------------------------- */

static int failed(struct err *err, const char *what)
{
	return err_set(err, errno, "sandbox: %s: %s", what, strerror(errno));
}

static int restrict_calls(const struct sandbox_settings *settings)
{
	struct seccomp_policy policy = {
		.write_fds = settings->write_fds,
		.n_write_fds = ARRAY_SIZE(settings->write_fds),
	};

	seccomp_set_all(&policy, KILL);
	seccomp_set(&policy, rules, ARRAY_SIZE(rules));
	seccomp_set(&policy, settings->more_calls, settings->n_more_calls);
	return sigsys_catch() < 0 ? -1 : seccomp_load(&policy);
}

int sandbox_enter(const struct sandbox_settings *settings, uint32_t *gaps, struct err *err)
{
	int r;

	*gaps = 0;
	/* While there is a /proc, by which an old kernel finds them. */
	descriptors_close_from((unsigned)settings->keep_fds);
	r = sandbox_root(settings->private_root, gaps, err);
	if (r == 0)
		r = sandbox_user(settings->uid, settings->gid, gaps, err);
	if (r == 0)
		r = sandbox_parent(settings->parent_fd, err);
	if (r == 0)
		r = sandbox_limits(settings, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return failed(err, "no_new_privs");
	sandbox_landlock(gaps);
	return restrict_calls(settings) < 0 ? failed(err, "seccomp (CONFIG_SECCOMP_FILTER)") : 0;
}
