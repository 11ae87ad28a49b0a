/*
 * bad-inspect: an inspector that enters the sandbox as the real one does, and then misbehaves as
 * the first bytes of its first disk say: "bad-inspect: DEED [NUMBER [VALUE]]". What it survives it
 * tells as a failure. Without that line it is the real one.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/worker.h"
#include "wire/inspection.h"
#include "wire/sigsys.h"
#include "tests/support/errorname.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static char word[64];
static uint64_t number, value;

/* ---- what is forbidden: 0 done, -1 failed with errno --------------------------------------- */

static long open_host_file(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static long open_through_proc(void)
{
	return open("/proc/self/fd/7", O_RDWR);
}

static long make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long fork_child(void)
{
	return fork();
}

/* As fork() of glibc 2.41 does. */
static long block_signals_and_make_socket(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	return make_socket();
}

static long execute(void)
{
	char *const argv[] = {word, NULL};

	return execve("/bin/sh", argv, argv);
}

static long trace_parent(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long kill_parent(void)
{
	return kill(1, SIGKILL);
}

static long write_disk(void)
{
	return pwrite(WORKER_DISKS, "x", 1, 0);
}

static long write_question(void)
{
	return pwrite(WORKER_QUESTION, "x", 1, 0);
}

static long map_disk(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_SHARED, WORKER_DISKS, 0) == MAP_FAILED ? -1 : 0;
}

static long map_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
			       MAP_FAILED
		       ? -1
		       : 0;
}

static long make_memfd(void)
{
	return memfd_create("more", 0);
}

static long grow_answer(void)
{
	char byte = 1;

	return pwrite(WORKER_ANSWER, &byte, 1, (off_t)1 << 30);
}

static long truncate_answer(void)
{
	return ftruncate(WORKER_ANSWER, 0);
}

static long fill_memory(void)
{
	for (number = 0; number < 4096; number++) {
		char *block =
			mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (block == MAP_FAILED)
			return -1;
		block[0] = 1;
	}
	return 0;
}

static long any_call(void)
{
	return syscall((long)number, 0, 0, 0, 0, 0, 0);
}

/* ---- single system calls, by their arguments ------------------------------------------------- */

/* A page of our own, and what calls may read or write there. */
static _Alignas(4096) char page[4096];
static const char name_of_host[] = "/etc/passwd", no_name[] = "";

#define AT(pointer) ((long)(intptr_t)(pointer))

static const struct attempt {
	const char *name;
	long call, arguments[6];
} attempts[] = {
	{"fstat", SYS_fstat, {WORKER_DISKS, AT(page)}},
	{"stat-open", SYS_newfstatat, {WORKER_DISKS, AT(no_name), AT(page), AT_EMPTY_PATH}},
	{"stat-name", SYS_newfstatat, {AT_FDCWD, AT(name_of_host), AT(page), 0}},
	{"statx-name", SYS_statx, {AT_FDCWD, AT(name_of_host), 0, 0, AT(page)}},
	{"write-stderr", SYS_write, {STDERR_FILENO, AT(page), 1}},
	{"write-to-parent", SYS_write, {WORKER_PARENT, AT(page), 1}},
	{"protect-read", SYS_mprotect, {AT(page), sizeof(page), PROT_READ}},
	{"protect-exec", SYS_mprotect, {AT(page), sizeof(page), PROT_READ | PROT_EXEC}},
	{"map-huge", SYS_mmap,
		{0, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1}},
	{"madvise-free", SYS_madvise, {AT(page), sizeof(page), MADV_DONTNEED}},
	{"madvise-poison", SYS_madvise, {AT(page), sizeof(page), MADV_HWPOISON}},
	{"get-uid", SYS_getuid, {0}},
	{"get-dumpable", SYS_prctl, {PR_GET_DUMPABLE}},
	{"set-dumpable", SYS_prctl, {PR_SET_DUMPABLE, 1}},
	{"get-limit", SYS_prlimit64, {0, RLIMIT_AS, 0, AT(page)}},
	{"set-limit", SYS_prlimit64, {0, RLIMIT_AS, AT(page), 0}},
	{"limit-of-another", SYS_prlimit64, {2, RLIMIT_AS, 0, AT(page)}},
	{"get-flags", SYS_fcntl, {WORKER_DISKS, F_GETFL}},
	{"set-own-descriptor", SYS_fcntl, {WORKER_DISKS, F_SETOWN, 1}},
	{"ioctl-another", SYS_ioctl, {WORKER_DISKS, BLKFLSBUF, 0}},
	{"random", SYS_getrandom, {AT(page), 16, 0}},
	{"clock", SYS_clock_gettime, {CLOCK_MONOTONIC, AT(page)}},
	{"wake-futex", SYS_futex, {AT(page), FUTEX_WAKE_PRIVATE, 1}},
	{"shared-futex", SYS_futex, {AT(page), FUTEX_WAKE, 1}},
	{"lock-futex", SYS_futex, {AT(page), FUTEX_LOCK_PI_PRIVATE, 0}},
	{"block-signals", SYS_rt_sigprocmask, {SIG_BLOCK, AT(page), 0, 8}},
	{"change-handler", SYS_rt_sigaction, {SIGSYS, 0, AT(page), 8}},
	{"clone3", 435, {AT(page), 64}},
};

static const struct attempt *find_attempt(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(attempts); i++) {
		if (strcmp(word, attempts[i].name) == 0)
			return &attempts[i];
	}
	return NULL;
}

static long make_attempt(void)
{
	const struct attempt *attempt = find_attempt();
	const long *a;

	if (!attempt)
		return -1;
	a = attempt->arguments;
	return syscall(attempt->call, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- other ways to end ---------------------------------------------------------------------- */

static long hang(void)
{
	for (;;)
		__asm__ volatile("");
	return 0;
}

static long overflow_stack(void)
{
	volatile char *top = __builtin_frame_address(0);

	for (;; top -= 4096)
		*top = 1;
	return 0;
}

static long crash(void)
{
	raise(SIGSEGV);
	return 0;
}

static long segfault(void)
{
	volatile char *volatile nowhere = (char *)8;

	*nowhere = 1;
	return 0;
}

static long exit_five(void)
{
	_exit(5);
}

static long exit_silently(void)
{
	_exit(0);
}

/* A head that promises more than there is room for. */
static long promise_too_much(void)
{
	_strbuf_ struct strbuf bytes = {0};
	struct err err = {.code = 1, .text = "x"};
	uint64_t length = (uint64_t)1 << 40;

	wire_put_failure(&bytes, &err);
	memcpy(bytes.at + 8, &length, sizeof(length));
	if (pwrite(WORKER_ANSWER, bytes.at, bytes.len, 0) < 0)
		return -1;
	_exit(0);
}

/* Half of an inspection, with the head of a whole one. */
static long half_an_answer(void)
{
	_inspection_ struct inspection *inspection = inspection_new(MIB);
	_strbuf_ struct strbuf bytes = {0};

	inspection->error = TEXT("half");
	wire_put_inspection(&bytes, inspection);
	if (pwrite(WORKER_ANSWER, bytes.at, bytes.len / 2, 0) < 0)
		return -1;
	_exit(0);
}

/* Last words that no handler of ours would say. */
static void say_last_words(uint32_t libraries_length)
{
	struct wire_sigsys words;

	wire_put_sigsys(&words, UINT32_MAX, "");
	memset(words.libraries, '\x1b', sizeof(words.libraries));
	memcpy(words.libraries, "%s%n\n\xe2\x80\xae", 8);
	words.libraries_length = libraries_length;
	words.length = sizeof(words) - WIRE_HEAD;
	if (pwrite(WORKER_ANSWER, &words, sizeof(words), 0) == (ssize_t)sizeof(words))
		_exit(0);
}

static long lie_in_last_words(void)
{
	say_last_words(sizeof(((struct wire_sigsys *)0)->libraries) - 1);
	return -1;
}

static long lie_in_their_length(void)
{
	say_last_words(1 << 20);
	return -1;
}

/* ---- true answers, changed -------------------------------------------------------------------- */

/* The real answer; then the byte at `number` is another one. */
static long lie(void)
{
	struct err err = {0};
	char byte = (char)value;

	if (worker_answer(NULL, 0, &err) < 0 || pwrite(WORKER_ANSWER, &byte, 1, (off_t)number) < 0)
		return -1;
	_exit(0);
}

/* The real answer, of which only the first `number` bytes were written. */
static void write_a_part(void)
{
	static char nothing[4096];
	struct err err = {0};

	if (worker_answer(NULL, 0, &err) < 0)
		_exit(6);
	for (off_t at = (off_t)number; at < 1 << 20;) {
		ssize_t n = pwrite(WORKER_ANSWER, nothing, sizeof(nothing), at);

		if (n <= 0)
			break;
		at += n;
	}
}

static long die_in_the_middle(void)
{
	write_a_part();
	return segfault();
}

static long stop_in_the_middle(void)
{
	write_a_part();
	_exit(0);
}

static long hang_in_the_middle(void)
{
	write_a_part();
	return hang();
}

/* As much as there is room for, and more. */
static long write_without_end(void)
{
	static char noise[1 << 20];
	off_t at = 0;

	memset(noise, 0xa5, sizeof(noise));
	while (pwrite(WORKER_ANSWER, noise, sizeof(noise), at) > 0)
		at += (off_t)sizeof(noise);
	_exit(0);
}

static const struct deed {
	const char *name;
	long (*commit)(void);
} deeds[] = {
	{"open", open_host_file},
	{"open-proc", open_through_proc},
	{"socket", make_socket},
	{"blocked", block_signals_and_make_socket},
	{"fork", fork_child},
	{"exec", execute},
	{"ptrace", trace_parent},
	{"kill", kill_parent},
	{"write-disk", write_disk},
	{"write-question", write_question},
	{"map-disk", map_disk},
	{"map-exec", map_executable},
	{"memfd", make_memfd},
	{"grow-answer", grow_answer},
	{"truncate-answer", truncate_answer},
	{"memory", fill_memory},
	{"call", any_call},
	{"hang", hang},
	{"stack", overflow_stack},
	{"raise", crash},
	{"segfault", segfault},
	{"exit-5", exit_five},
	{"exit-0", exit_silently},
	{"too-much", promise_too_much},
	{"half", half_an_answer},
	{"lie", lie},
	{"die-at", die_in_the_middle},
	{"stop-at", stop_in_the_middle},
	{"hang-at", hang_in_the_middle},
	{"flood", write_without_end},
	{"last-words", lie_in_last_words},
	{"long-words", lie_in_their_length},
};

static const struct deed attempting = {"", make_attempt};

/* NULL: the disk asks for none. */
static const struct deed *read_deed(void)
{
	char line[96] = {0};

	if (pread(WORKER_DISKS, line, sizeof(line) - 1, 0) <= 0 ||
		sscanf(line, "bad-inspect: %63s %lu %lu", word, &number, &value) < 1)
		return NULL;
	for (unsigned i = 0; i < ARRAY_SIZE(deeds); i++) {
		if (strcmp(word, deeds[i].name) == 0)
			return &deeds[i];
	}
	if (find_attempt())
		return &attempting;
	_exit(8);
}

static int commit(const struct deed *deed, struct err *err)
{
	errno = 0;
	if (deed->commit() < 0)
		return err_set(err, EFAULT, "%s: %s (%llu)", word, error_name(errno),
			(unsigned long long)number);
	return err_set(err, EFAULT, "%s: DONE", word);
}

int main(int argc, char **argv)
{
	_strbuf_ struct strbuf bytes = {0};
	struct err err = {0};
	const struct deed *deed;
	uint32_t gaps;

	if (argc != 3 || worker_enter(argv[2], NULL, &gaps, &err) < 0)
		return 9;
	deed = read_deed();
	if ((deed ? commit(deed, &err) : worker_answer(NULL, gaps, &err)) == 0)
		return 0;
	wire_put_failure(&bytes, &err);
	return pwrite(WORKER_ANSWER, bytes.at, bytes.len, 0) < 0 ? 7 : 0;
}
