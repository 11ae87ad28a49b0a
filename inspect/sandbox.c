/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/sandbox.h"

#include "inspect/inspection.h"
#include "inspect/sandbox_steps.h"

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/*
 * Every system call that the inspector may make once it is in the sandbox; any other kills it.
 * tests/system/test_sandbox.py compares this table with what strace sees.
 */
enum rule_kind {
	ALLOW,
	WRITE,     /* the first argument is one of the descriptors that may be written to */
	ANONYMOUS, /* mmap of memory that is neither a file nor executable */
	MEASURE,   /* ioctl: size and sector size of a block device; any other EPERM */
	REFUSE,    /* a library tries it and lives with EPERM */
};

static const struct rule {
	uint32_t call;
	enum rule_kind kind;
} rules[] = {
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

#if defined(__x86_64__)
#define OUR_ARCH     AUDIT_ARCH_X86_64
#define FOREIGN_CALL 0x40000000u /* x32's numbers begin here */
#elif defined(__aarch64__)
#define OUR_ARCH     AUDIT_ARCH_AARCH64
#define FOREIGN_CALL 0x80000000u
#else
#error "inspect/sandbox.c: tell it this machine's AUDIT_ARCH"
#endif

/* ---- the filter ---------------------------------------------------------------------------- */

/*
 * Written by hand: libseccomp cannot say "these requests, else EPERM" for one call, and takes
 * 0.1 ms to build what this does in a microsecond, at every start of an inspector.
 */
struct filter {
	struct sock_filter at[128];
	unsigned short count;
};

static void add(struct filter *filter, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	assert(filter->count < ARRAY_SIZE(filter->at));
	filter->at[filter->count++] = (struct sock_filter){code, if_true, if_false, k};
}

static void add_load(struct filter *filter, size_t offset)
{
	add(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The low half: these arguments are 32 bits wide for the kernel, or flags in them. */
static void add_load_argument(struct filter *filter, unsigned argument)
{
	size_t low = __BYTE_ORDER == __LITTLE_ENDIAN ? 0 : 4;

	add_load(filter, offsetof(struct seccomp_data, args) + 8 * argument + low);
}

/* Skips `if_true` or `if_false` instructions. */
static void add_if_equal(struct filter *filter, uint32_t value, uint8_t if_true, uint8_t if_false)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, value, if_true, if_false);
}

static void add_if_any(struct filter *filter, uint32_t bits, uint8_t if_true, uint8_t if_false)
{
	add(filter, BPF_JMP | BPF_JSET | BPF_K, bits, if_true, if_false);
}

static void add_return(struct filter *filter, uint32_t action)
{
	add(filter, BPF_RET | BPF_K, action, 0, 0);
}

/* Two values of the loaded argument are allowed, any other gets `otherwise`. */
static void add_either(struct filter *filter, uint32_t one, uint32_t two, uint32_t otherwise)
{
	add_if_equal(filter, one, 2, 0);
	add_if_equal(filter, two, 1, 0);
	add_return(filter, otherwise);
	add_return(filter, SECCOMP_RET_ALLOW);
}

/* What happens with the call once its number is known. */
static void add_action(struct filter *filter, enum rule_kind kind, const int write_fds[2])
{
	switch (kind) {
	case ALLOW:
		add_return(filter, SECCOMP_RET_ALLOW);
		break;
	case WRITE:
		add_load_argument(filter, 0);
		add_either(filter, (uint32_t)write_fds[0], (uint32_t)write_fds[1],
			SECCOMP_RET_KILL_PROCESS);
		break;
	case ANONYMOUS:
		add_load_argument(filter, 2);
		add_if_any(filter, PROT_EXEC, 2, 0);
		add_load_argument(filter, 3);
		add_if_any(filter, MAP_ANONYMOUS, 1, 0);
		add_return(filter, SECCOMP_RET_KILL_PROCESS);
		add_return(filter, SECCOMP_RET_ALLOW);
		break;
	case MEASURE:
		add_load_argument(filter, 1);
		add_either(filter, (uint32_t)BLKGETSIZE64, BLKSSZGET, SECCOMP_RET_ERRNO | EPERM);
		break;
	case REFUSE:
	default:
		add_return(filter, SECCOMP_RET_ERRNO | EPERM);
	}
}

static void build(struct filter *filter, const int write_fds[2])
{
	filter->count = 0;
	add_load(filter, offsetof(struct seccomp_data, arch));
	add_if_equal(filter, OUR_ARCH, 1, 0);
	add_return(filter, SECCOMP_RET_KILL_PROCESS);
	add_load(filter, offsetof(struct seccomp_data, nr));
	add(filter, BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALL, 0, 1);
	add_return(filter, SECCOMP_RET_KILL_PROCESS);
	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++) {
		unsigned short jump = filter->count;

		add_if_equal(filter, rules[i].call, 0, 0);
		add_action(filter, rules[i].kind, write_fds);
		filter->at[jump].jf = (uint8_t)(filter->count - jump - 1);
	}
	add_return(filter, SECCOMP_RET_KILL_PROCESS);
}

static int load(struct filter *filter)
{
	const struct sock_fprog program = {filter->count, filter->at};

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* ---- all of it ----------------------------------------------------------------------------- */

static int failed(struct err *err, const char *what)
{
	return err_set(err, errno, "sandbox: %s: %s", what, strerror(errno));
}

int sandbox_enter(const struct sandbox_settings *settings, uint32_t *gaps, struct err *err)
{
	struct filter filter;
	int r;

	*gaps = 0;
	build(&filter, settings->write_fds);
	r = sandbox_root(settings->private_root, gaps, err);
	if (r == 0 && close_range((unsigned)settings->keep_fds, ~0u, 0) < 0)
		return failed(err, "close_range");
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
	return load(&filter) < 0 ? failed(err, "seccomp") : 0;
}
