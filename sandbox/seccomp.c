/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/seccomp.h"

#include "core/cleanup.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/*
 * Written by hand: libseccomp cannot say "these requests, else EPERM" for one call, and takes
 * 0.1 ms to build what this does in a microsecond, at every start of an inspector.
 */

#if defined(__x86_64__)
#define OUR_ARCH     AUDIT_ARCH_X86_64
#define FOREIGN_CALL 0x40000000u /* x32's numbers begin here */
#elif defined(__aarch64__)
#define OUR_ARCH     AUDIT_ARCH_AARCH64
#define FOREIGN_CALL 0x80000000u
#else
#error "sandbox/seccomp.c: tell it this machine's AUDIT_ARCH"
#endif

static void add(
	struct seccomp_filter *filter, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	assert(filter->count < ARRAY_SIZE(filter->at));
	filter->at[filter->count++] = (struct sock_filter){code, if_true, if_false, k};
}

static void add_load(struct seccomp_filter *filter, size_t offset)
{
	add(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The low half: these arguments are 32 bits wide for the kernel, or flags in them. */
static void add_load_argument(struct seccomp_filter *filter, unsigned argument)
{
	size_t low = __BYTE_ORDER == __LITTLE_ENDIAN ? 0 : 4;

	add_load(filter, offsetof(struct seccomp_data, args) + 8 * argument + low);
}

/* Skips `if_true` or `if_false` instructions. */
static void add_if_equal(
	struct seccomp_filter *filter, uint32_t value, uint8_t if_true, uint8_t if_false)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, value, if_true, if_false);
}

static void add_if_any(
	struct seccomp_filter *filter, uint32_t bits, uint8_t if_true, uint8_t if_false)
{
	add(filter, BPF_JMP | BPF_JSET | BPF_K, bits, if_true, if_false);
}

static void add_return(struct seccomp_filter *filter, uint32_t action)
{
	add(filter, BPF_RET | BPF_K, action, 0, 0);
}

/* Two values of the loaded argument are allowed, any other gets `otherwise`. */
static void add_either(
	struct seccomp_filter *filter, uint32_t one, uint32_t two, uint32_t otherwise)
{
	add_if_equal(filter, one, 2, 0);
	add_if_equal(filter, two, 1, 0);
	add_return(filter, otherwise);
	add_return(filter, SECCOMP_RET_ALLOW);
}

/* What happens with the call once its number is known. */
static void add_action(struct seccomp_filter *filter, enum seccomp_kind kind, const int *write_fds)
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
	case READ_ONLY:
		add_load_argument(filter, 2);
		add_if_any(filter, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 1, 0);
		add_return(filter, SECCOMP_RET_ALLOW);
		add_return(filter, SECCOMP_RET_ERRNO | EPERM);
		break;
	case THREAD:
		add_load_argument(filter, 0);
		add_if_any(filter, CLONE_THREAD, 1, 0);
		add_return(filter, SECCOMP_RET_ERRNO | EPERM);
		add_return(filter, SECCOMP_RET_ALLOW);
		break;
	case REFUSE:
	default:
		add_return(filter, SECCOMP_RET_ERRNO | EPERM);
	}
}

void seccomp_begin(struct seccomp_filter *filter)
{
	filter->count = 0;
	add_load(filter, offsetof(struct seccomp_data, arch));
	add_if_equal(filter, OUR_ARCH, 1, 0);
	add_return(filter, SECCOMP_RET_KILL_PROCESS);
	add_load(filter, offsetof(struct seccomp_data, nr));
	add(filter, BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALL, 0, 1);
	add_return(filter, SECCOMP_RET_KILL_PROCESS);
}

void seccomp_add(struct seccomp_filter *filter, const struct seccomp_rule *rules, size_t n,
	const int *write_fds)
{
	for (size_t i = 0; i < n; i++) {
		unsigned short jump = filter->count;

		add_if_equal(filter, rules[i].call, 0, 0);
		add_action(filter, rules[i].kind, write_fds);
		filter->at[jump].jf = (uint8_t)(filter->count - jump - 1);
	}
}

void seccomp_end(struct seccomp_filter *filter, uint32_t otherwise)
{
	add_return(filter, otherwise);
}

int seccomp_load(const struct seccomp_filter *filter)
{
	struct seccomp_filter copy = *filter; /* the kernel's struct takes no const */
	const struct sock_fprog program = {copy.count, copy.at};

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
