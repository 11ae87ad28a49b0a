/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/seccomp.h"

#include "core/cleanup.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Written by hand: libseccomp cannot say "these requests, else EPERM" for one call, and takes
 * 0.1 ms to build what this does in microseconds, at every start of an inspector.
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

#define CALLS ARRAY_SIZE(((struct seccomp_policy *)0)->kinds)
_Static_assert(CALLS >= SYSCALL_SHARED_END, "there is room for every call");

/* ---- the policy ---------------------------------------------------------------------------- */

void seccomp_set_all(struct seccomp_policy *policy, enum seccomp_kind known)
{
	for (uint32_t i = 0; i < CALLS; i++) {
		bool is_known =
			i < SYSCALL_FIRST_END || (i >= SYSCALL_SHARED && i < SYSCALL_SHARED_END);

		policy->kinds[i] = is_known ? known : ABSENT;
	}
}

void seccomp_set(struct seccomp_policy *policy, const struct seccomp_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert(rules[i].call < CALLS);
		policy->kinds[rules[i].call] = rules[i].kind;
	}
}

/* ---- what one kind of call is tested for ----------------------------------------------------- */

/* Instructions in a row: each falls through to the next, and the last one returns. */
struct block {
	struct sock_filter at[24];
	unsigned n;
};

static void add(struct block *block, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	assert(block->n < ARRAY_SIZE(block->at));
	block->at[block->n++] = (struct sock_filter){code, if_true, if_false, k};
}

static void add_load(struct block *block, size_t offset)
{
	add(block, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

enum half { LOW, HIGH };

/* Most arguments are 32 bits wide for the kernel, or flags in the low half. */
static void add_load_argument(struct block *block, unsigned argument, enum half half)
{
	size_t first = __BYTE_ORDER == __LITTLE_ENDIAN ? LOW : HIGH;

	add_load(block,
		offsetof(struct seccomp_data, args) + 8 * argument + (half == first ? 0 : 4));
}

/* The next instruction is for what is equal to the value. */
static void add_unless_equal_skip(struct block *block, uint32_t value, uint8_t skip)
{
	add(block, BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

static void add_return(struct block *block, uint32_t action)
{
	add(block, BPF_RET | BPF_K, action, 0, 0);
}

static void add_return_if_equal(struct block *block, uint32_t value, uint32_t action)
{
	add_unless_equal_skip(block, value, 1);
	add_return(block, action);
}

static void add_return_if_any(struct block *block, uint32_t bits, uint32_t action)
{
	add(block, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	add_return(block, action);
}

static const uint32_t allow = SECCOMP_RET_ALLOW, refuse = SECCOMP_RET_ERRNO | EPERM,
		      absent = SECCOMP_RET_ERRNO | ENOSYS, pretend = SECCOMP_RET_ERRNO | 0,
		      kill = SECCOMP_RET_TRAP;

/* These values of an argument are allowed, any other gets `otherwise`. */
static void add_choice(struct block *block, unsigned argument, const uint32_t *values, size_t n,
	uint32_t otherwise)
{
	add_load_argument(block, argument, LOW);
	for (size_t i = 0; i < n; i++)
		add(block, BPF_JMP | BPF_JEQ | BPF_K, values[i], (uint8_t)(n - i), 0);
	add_return(block, otherwise);
	add_return(block, allow);
}

static const uint32_t measures[] = {(uint32_t)BLKGETSIZE64, BLKSSZGET};
static const uint32_t flags[] = {F_GETFD, F_SETFD, F_GETFL, F_SETFL /* MORE_FLAGS */};
static const uint32_t questions[] = {PR_GET_DUMPABLE, PR_GET_NAME, PR_GET_NO_NEW_PRIVS,
	PR_GET_SECCOMP, PR_GET_SECUREBITS, PR_CAPBSET_READ, PR_GET_KEEPCAPS, PR_GET_PDEATHSIG,
	PR_GET_TIMERSLACK};
static const uint32_t advice[] = {
	MADV_NORMAL, MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_NOHUGEPAGE};
/* Neither priorities nor requeueing: those have had holes. */
static const uint32_t futexes[] = {FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE,
	FUTEX_WAIT_BITSET_PRIVATE, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME,
	FUTEX_WAKE_BITSET_PRIVATE};

static void add_anonymous(struct block *block)
{
	add_load_argument(block, 2, LOW);
	add_return_if_any(block, PROT_EXEC, kill);
	add_load_argument(block, 3, LOW);
	/* The host's huge pages are for whom its administrator reserved them. */
	add_return_if_any(block, MAP_HUGETLB, refuse);
	add_return_if_any(block, MAP_ANONYMOUS, allow);
	add_return(block, kill);
}

/* Our own process (0), and no new limit (NULL: both halves are 0). */
static void add_limit_question(struct block *block)
{
	add_load_argument(block, 0, LOW);
	add_unless_equal_skip(block, 0, 5);
	add_load_argument(block, 2, LOW);
	add_unless_equal_skip(block, 0, 3);
	add_load_argument(block, 2, HIGH);
	add_unless_equal_skip(block, 0, 1);
	add_return(block, allow);
	add_return(block, refuse);
}

/* `if_set`, where an argument has one of the bits; else `if_not`. */
static void add_bits(
	struct block *block, unsigned argument, uint32_t bits, uint32_t if_set, uint32_t if_not)
{
	add_load_argument(block, argument, LOW);
	add_return_if_any(block, bits, if_set);
	add_return(block, if_not);
}

static void add_write(struct block *block, const struct seccomp_policy *policy)
{
	add_load_argument(block, 0, LOW);
	for (size_t i = 0; i < policy->n_write_fds; i++)
		add_return_if_equal(block, (uint32_t)policy->write_fds[i], allow);
	add_return(block, kill);
}

static void block_make(
	const struct seccomp_policy *policy, enum seccomp_kind kind, struct block *block)
{
	const uint32_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

	block->n = 0;
	switch (kind) {
	case ALLOW:
		add_return(block, allow);
		break;
	case REFUSE:
		add_return(block, refuse);
		break;
	case ABSENT:
		add_return(block, absent);
		break;
	case PRETEND:
		add_return(block, pretend);
		break;
	case WRITE:
		add_write(block, policy);
		break;
	case ANONYMOUS:
		add_anonymous(block);
		break;
	case PROTECT:
		add_bits(block, 2, PROT_EXEC, kill, allow);
		break;
	case STAT_OPEN:
		add_bits(block, 3, AT_EMPTY_PATH, allow, refuse);
		break;
	case STATX_OPEN:
		add_bits(block, 2, AT_EMPTY_PATH, allow, refuse);
		break;
	case MEASURE:
		add_choice(block, 1, measures, ARRAY_SIZE(measures), refuse);
		break;
	case FLAGS:
	case MORE_FLAGS:
		add_choice(block, 1, flags, ARRAY_SIZE(flags) - (kind == FLAGS), refuse);
		break;
	case ASK_PROCESS:
		add_choice(block, 0, questions, ARRAY_SIZE(questions), refuse);
		break;
	case ASK_LIMIT:
		add_limit_question(block);
		break;
	case GIVE_BACK:
		add_choice(block, 2, advice, ARRAY_SIZE(advice), refuse);
		break;
	case WAIT_FUTEX:
		add_choice(block, 1, futexes, ARRAY_SIZE(futexes), absent);
		break;
	case READ_ONLY:
		add_bits(block, 2, writing, refuse, allow);
		break;
	case THREAD:
		add_bits(block, 0, CLONE_THREAD, allow, refuse);
		break;
	case KILL:
	case SECCOMP_KINDS:
	default:
		add_return(block, kill);
	}
}

/* ---- all of it -------------------------------------------------------------------------------- */

/*
 * Written from its end to its beginning: a jump goes forward only, so its target is known when it
 * is written. Numbers are found by halving: that is as long for 15 rules as for 150, also for the
 * kernel, which runs the filter once for every number when it is loaded.
 */
struct program {
	struct sock_filter at[1024];
	unsigned first;                 /* where it begins */
	unsigned places[SECCOMP_KINDS]; /* where a kind's block stands; 0: nowhere */
};

/* Calls from `start` to the next one's start. */
struct range {
	uint32_t start;
	enum seccomp_kind kind;
};

static unsigned prepend(struct program *program, const struct block *block)
{
	assert(block->n <= program->first);
	program->first -= block->n;
	memcpy(&program->at[program->first], block->at, block->n * sizeof(block->at[0]));
	return program->first;
}

static unsigned prepend_one(
	struct program *program, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	struct block block = {.n = 0};

	add(&block, code, k, if_true, if_false);
	return prepend(program, &block);
}

/* What a branch in front of here can jump to: the target, or a jump that leads there. */
static unsigned within_reach(struct program *program, unsigned target)
{
	const unsigned most = UINT8_MAX - 1; /* the other target's jump may come between */

	if (target - program->first <= most)
		return target;
	return prepend_one(program, BPF_JMP | BPF_JA, target - program->first, 0, 0);
}

static unsigned place_kind(
	struct program *program, const struct seccomp_policy *policy, enum seccomp_kind kind)
{
	struct block block;

	if (!program->places[kind]) {
		block_make(policy, kind, &block);
		program->places[kind] = prepend(program, &block);
	}
	return program->places[kind];
}

/* Goes as deep as `n` can be halved. */
static unsigned place_ranges(struct program *program, const struct seccomp_policy *policy,
	const struct range *ranges, unsigned n)
{
	unsigned below, above;

	if (n == 1)
		return place_kind(program, policy, ranges->kind);
	above = place_ranges(program, policy, ranges + n / 2, n - n / 2);
	below = place_ranges(program, policy, ranges, n / 2);
	below = within_reach(program, below);
	above = within_reach(program, above);
	return prepend_one(program, BPF_JMP | BPF_JGE | BPF_K, ranges[n / 2].start,
		(uint8_t)(above - program->first), (uint8_t)(below - program->first));
}

static unsigned find_ranges(const struct seccomp_policy *policy, struct range ranges[CALLS + 1])
{
	unsigned n = 0;

	for (uint32_t i = 0; i < CALLS; i++) {
		if (n == 0 || ranges[n - 1].kind != policy->kinds[i])
			ranges[n++] = (struct range){i, policy->kinds[i]};
	}
	ranges[n++] = (struct range){CALLS, ABSENT};
	return n;
}

/* In front of all: calls that are counted otherwise are none of ours. */
static void place_head(struct program *program)
{
	struct block head = {.n = 0};

	add_load(&head, offsetof(struct seccomp_data, arch));
	add(&head, BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
	add_return(&head, SECCOMP_RET_KILL_PROCESS);
	add_load(&head, offsetof(struct seccomp_data, nr));
	add(&head, BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALL, 0, 1);
	add_return(&head, SECCOMP_RET_KILL_PROCESS);
	prepend(program, &head);
}

int seccomp_load(const struct seccomp_policy *policy)
{
	struct program program = {.first = ARRAY_SIZE(program.at)};
	struct range ranges[CALLS + 1];
	struct sock_fprog filter;

	place_ranges(&program, policy, ranges, find_ranges(policy, ranges));
	place_head(&program);
	filter.len = (unsigned short)(ARRAY_SIZE(program.at) - program.first);
	filter.filter = &program.at[program.first];
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
}
