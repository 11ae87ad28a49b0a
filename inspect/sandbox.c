/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/sandbox.h"

#include "core/descriptors.h"
#include "core/kernel.h"
#include "model/inspection.h"
#include "sandbox/seccomp.h"
#include "sandbox/steps.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

/*
 * Every system call that the inspector may make once it is in the sandbox; any other kills it.
 * tests/system/test_sandbox.py compares this table with what strace sees.
 */
static const struct seccomp_rule rules[] = {
	{SYS_pread64, ALLOW},     /* the disks, the question */
	{SYS_brk, ALLOW},         /* malloc */
	{SYS_mmap, ANONYMOUS},    /* malloc */
	{SYS_munmap, ALLOW},      /* malloc */
	{SYS_mremap, ALLOW},      /* malloc */
	{SYS_pwrite64, WRITE},    /* the answer */
	{SYS_exit_group, ALLOW},  /* the end */
	{SYS_read, ALLOW},        /* libblkid */
	{SYS_lseek, ALLOW},       /* libblkid */
	{SYS_newfstatat, ALLOW},  /* libblkid: fstat() of this C library */
	{SYS_fadvise64, ALLOW},   /* libblkid */
	{SYS_ioctl, MEASURE},     /* libblkid */
	{SYS_openat, REFUSE},     /* libblkid looks into /sys */
	{SYS_faccessat2, REFUSE}, /* the same, where there is a /sys */
};

/* ---- all of it ----------------------------------------------------------------------------- */

static int failed(struct err *err, const char *what)
{
	return err_set(err, errno, "sandbox: %s: %s", what, strerror(errno));
}

int sandbox_enter(const struct sandbox_settings *settings, uint32_t *gaps, struct err *err)
{
	struct seccomp_filter filter;
	int r;

	*gaps = 0;
	seccomp_begin(&filter);
	seccomp_add(&filter, rules, ARRAY_SIZE(rules), settings->write_fds);
	seccomp_add(&filter, settings->more_calls, settings->n_more_calls, NULL);
	seccomp_end(&filter, SECCOMP_RET_KILL_PROCESS);
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
	return seccomp_load(&filter) < 0 ? failed(err, "seccomp (CONFIG_SECCOMP_FILTER)") : 0;
}
