/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "images/calls.h"

#include "core/kernel.h"
#include "sandbox/seccomp.h"

/*
 * No socket, no process, no mount, no file opened for writing, no descriptor of a file by its
 * handle (which would reach beyond the root): what is missing here is what matters.
 */
static const struct seccomp_rule rules[] = {
	/* memory */
	{SYS_brk, ALLOW},
	{SYS_mmap, ALLOW},
	{SYS_munmap, ALLOW},
	{SYS_mremap, ALLOW},
	{SYS_mprotect, ALLOW},
	{SYS_madvise, ALLOW},
	/* files: those of its root */
	{SYS_openat, READ_ONLY},
	{SYS_close, ALLOW},
	{SYS_close_range, ALLOW},
	{SYS_read, ALLOW},
	{SYS_readv, ALLOW},
	{SYS_pread64, ALLOW},
	{SYS_preadv, ALLOW},
	{SYS_write, ALLOW},
	{SYS_writev, ALLOW},
	{SYS_lseek, ALLOW},
	{SYS_fstat, ALLOW},
	{SYS_newfstatat, ALLOW},
	{SYS_statx, ALLOW},
	{SYS_fstatfs, ALLOW},
	{SYS_statfs, ALLOW},
	{SYS_faccessat, ALLOW},
	{SYS_faccessat2, ALLOW},
	{SYS_readlinkat, ALLOW},
	{SYS_getcwd, ALLOW},
	{SYS_chdir, ALLOW},
	{SYS_fadvise64, ALLOW},
	{SYS_fcntl, ALLOW},
	{SYS_dup, ALLOW},
	{SYS_dup3, ALLOW},
	{SYS_ioctl, MEASURE},
	{SYS_fdatasync, ALLOW},
	{SYS_fsync, ALLOW},
	/* the inspector's connection, and waiting */
	{SYS_accept4, ALLOW},
	{SYS_accept, ALLOW},
	{SYS_listen, ALLOW},
	{SYS_getsockname, ALLOW},
	{SYS_getpeername, ALLOW},
	{SYS_getsockopt, ALLOW},
	{SYS_setsockopt, ALLOW},
	{SYS_sendmsg, ALLOW},
	{SYS_sendto, ALLOW},
	{SYS_recvmsg, ALLOW},
	{SYS_recvfrom, ALLOW},
	{SYS_shutdown, ALLOW},
	{SYS_ppoll, ALLOW},
	{SYS_epoll_create1, ALLOW},
	{SYS_epoll_ctl, ALLOW},
	{SYS_epoll_pwait, ALLOW},
	{SYS_eventfd2, ALLOW},
	{SYS_pipe2, ALLOW},
	{SYS_signalfd4, ALLOW},
	{SYS_timerfd_create, ALLOW},
	{SYS_timerfd_settime, ALLOW},
	/* threads and signals */
	{SYS_clone, THREAD},
	{SYS_futex, ALLOW},
	{SYS_set_robust_list, ALLOW},
	{SYS_set_tid_address, ALLOW},
	{SYS_rseq, ALLOW},
	{SYS_sched_getaffinity, ALLOW},
	{SYS_sched_yield, ALLOW},
	{SYS_rt_sigaction, ALLOW},
	{SYS_rt_sigprocmask, ALLOW},
	{SYS_rt_sigreturn, ALLOW},
	{SYS_rt_sigtimedwait, ALLOW},
	{SYS_sigaltstack, ALLOW},
	{SYS_tgkill, ALLOW}, /* abort() */
	{SYS_exit, ALLOW},
	{SYS_exit_group, ALLOW},
	{SYS_restart_syscall, ALLOW},
	/* itself */
	{SYS_execve, ALLOW},
	{SYS_execveat, ALLOW},
	{SYS_prctl, ALLOW},
	{SYS_prlimit64, ALLOW},
	{SYS_getrandom, ALLOW},
	{SYS_getpid, ALLOW},
	{SYS_gettid, ALLOW},
	{SYS_getppid, ALLOW},
	{SYS_getuid, ALLOW},
	{SYS_geteuid, ALLOW},
	{SYS_getgid, ALLOW},
	{SYS_getegid, ALLOW},
	{SYS_uname, ALLOW},
	{SYS_sysinfo, ALLOW},
	{SYS_clock_gettime, ALLOW},
	{SYS_clock_nanosleep, ALLOW},
	{SYS_nanosleep, ALLOW},
#if defined(__x86_64__) /* old calls that newer machines do without */
	{SYS_arch_prctl, ALLOW},
	{SYS_access, ALLOW},
	{SYS_readlink, ALLOW},
	{SYS_stat, ALLOW},
	{SYS_poll, ALLOW},
	{SYS_epoll_wait, ALLOW},
	{SYS_dup2, ALLOW},
	{SYS_getrlimit, ALLOW},
#endif
};

int calls_restrict(void)
{
	struct seccomp_policy policy = {.n_write_fds = 0};

	seccomp_set_all(&policy, ABSENT);
	seccomp_set(&policy, rules, ARRAY_SIZE(rules));
	return seccomp_load(&policy);
}
