/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/sandbox.h"

#include "inspect/inspection.h"
#include "inspect/sandbox_steps.h"

#include <errno.h>
#include <linux/close_range.h>
#include <linux/fs.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>

/*
 * Every system call that the inspector may make once it is in the sandbox; any other kills it.
 * tests/system/test_sandbox.py compares this table with what strace sees.
 */
enum rule_kind {
	ALLOW,
	WRITE,     /* the first argument is one of the descriptors that may be written to */
	ANONYMOUS, /* mmap of memory that is neither a file nor executable */
	REQUEST,   /* ioctl: the second argument is `request` */
	ERROR,     /* a library tries it and lives with EPERM */
};

static const struct rule {
	int call;
	enum rule_kind kind;
	unsigned long request;
} rules[] = {
	{SCMP_SYS(pread64), ALLOW, 0},            /* the disks, the question */
	{SCMP_SYS(pwrite64), WRITE, 0},           /* the answer */
	{SCMP_SYS(brk), ALLOW, 0},                /* malloc */
	{SCMP_SYS(mmap), ANONYMOUS, 0},           /* malloc */
	{SCMP_SYS(munmap), ALLOW, 0},             /* malloc */
	{SCMP_SYS(mremap), ALLOW, 0},             /* malloc */
	{SCMP_SYS(exit_group), ALLOW, 0},         /* the end */
	{SCMP_SYS(getrandom), ALLOW, 0},          /* libuuid, libc */
	{SCMP_SYS(read), ALLOW, 0},               /* libblkid */
	{SCMP_SYS(lseek), ALLOW, 0},              /* libblkid */
	{SCMP_SYS(fstat), ALLOW, 0},              /* libblkid */
	{SCMP_SYS(newfstatat), ALLOW, 0},         /* libblkid: fstat() of this C library */
	{SCMP_SYS(fadvise64), ALLOW, 0},          /* libblkid */
	{SCMP_SYS(ioctl), REQUEST, BLKGETSIZE64}, /* libblkid */
	{SCMP_SYS(ioctl), REQUEST, BLKSSZGET},    /* libblkid */
	{SCMP_SYS(openat), ERROR, 0},             /* libblkid looks into /sys */
	{SCMP_SYS(faccessat2), ERROR, 0},         /* libblkid looks into /sys */
};

static int add_rule(
	scmp_filter_ctx filter, const struct rule *rule, const struct sandbox_settings *settings)
{
	switch (rule->kind) {
	case ALLOW:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->call, 0);
	case WRITE:
		for (unsigned i = 0; i < ARRAY_SIZE(settings->write_fds); i++) {
			unsigned fd = (unsigned)settings->write_fds[i];
			int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->call, 1,
				SCMP_A0_32(SCMP_CMP_EQ, fd, 0));

			if (r < 0 && r != -EEXIST)
				return r;
		}
		return 0;
	case ANONYMOUS:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->call, 2,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
			SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
	case REQUEST:
		return seccomp_rule_add(filter, SCMP_ACT_ALLOW, rule->call, 1,
			SCMP_A1(SCMP_CMP_EQ, rule->request, 0));
	case ERROR:
		return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), rule->call, 0);
	default:
		return -EINVAL;
	}
}

/* Built before anything is given up, loaded last. */
static int filter_build(
	const struct sandbox_settings *settings, scmp_filter_ctx *ret, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter ? 0 : -ENOMEM;

	for (unsigned i = 0; i < ARRAY_SIZE(rules) && r == 0; i++)
		r = add_rule(filter, &rules[i], settings);
	*ret = filter;
	return r < 0 ? err_set(err, -r, "sandbox: seccomp: %s", strerror(-r)) : 0;
}

static int enter(const struct sandbox_settings *settings, scmp_filter_ctx filter, uint32_t *gaps,
	struct err *err)
{
	int r = sandbox_root(settings->private_root, gaps, err);

	if (r < 0)
		return r;
	if (close_range((unsigned)settings->keep_fds, ~0u, 0) < 0)
		return err_set(err, errno, "sandbox: close_range: %s", strerror(errno));
	r = sandbox_user(settings->uid, settings->gid, gaps, err);
	if (r == 0)
		r = sandbox_parent(settings->parent_fd, err);
	if (r == 0)
		r = sandbox_limits(settings, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(err, errno, "sandbox: no_new_privs: %s", strerror(errno));
	sandbox_landlock(gaps);
	r = seccomp_load(filter);
	return r < 0 ? err_set(err, -r, "sandbox: seccomp: %s", strerror(-r)) : 0;
}

int sandbox_enter(const struct sandbox_settings *settings, uint32_t *gaps, struct err *err)
{
	scmp_filter_ctx filter;
	int r = filter_build(settings, &filter, err);

	*gaps = 0;
	if (r == 0)
		r = enter(settings, filter, gaps, err);
	seccomp_release(filter);
	return r;
}
