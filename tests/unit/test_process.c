/* What a program is started with: descriptors, limits, names of signals; on old kernels, too. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/descriptors.h"
#include "core/kernel.h"
#include "core/program.h"
#include "core/shortage.h"
#include "core/signal_name.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <cmocka.h>

enum { FIRST = 20, LAST = 200, DOES_NOT_HOLD = 99 };

/* Each test runs in a process of its own: what it does to itself stays there. */
static void in_child(void (*deed)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		deed();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void check(bool holds)
{
	if (!holds)
		_exit(DOES_NOT_HOLD);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void open_many(void)
{
	for (int fd = FIRST - 1; fd <= LAST; fd++)
		check(dup2(STDERR_FILENO, fd) == fd);
}

static void check_only_low_ones_are_left(void)
{
	check(is_open(STDERR_FILENO) && is_open(FIRST - 1));
	for (int fd = FIRST; fd <= LAST; fd++)
		check(!is_open(fd));
}

/* From here on the kernel answers so to close_range(). */
static void refuse_close_range(unsigned error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {ARRAY_SIZE(code), code};

	check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	check(kernel_close_range(1 << 20, false) < 0 && errno == (int)error);
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static void close_with_this_kernel(void)
{
	open_many();
	descriptors_close_from(FIRST);
	check_only_low_ones_are_left();
}

static void close_with_an_old_kernel(void)
{
	open_many();
	refuse_close_range(ENOSYS);
	descriptors_close_from(FIRST);
	check_only_low_ones_are_left();
}

/* No descriptor is left to look into /proc/self/fd with, and the limit is below those open. */
static void close_without_proc(void)
{
	const struct rlimit none = {0, 0};

	open_many();
	refuse_close_range(EPERM);
	check(setrlimit(RLIMIT_NOFILE, &none) == 0);
	descriptors_close_from(FIRST);
	check_only_low_ones_are_left();
}

static void closes_what_is_above(void **state)
{
	(void)state;
	in_child(close_with_this_kernel);
	in_child(close_with_an_old_kernel);
	in_child(close_without_proc);
}

static void mark_with_an_old_kernel(void)
{
	open_many();
	refuse_close_range(EINVAL); /* as Linux 5.9 and 5.10, which close, but do not mark */
	descriptors_close_on_exec(FIRST);
	check(fcntl(FIRST - 1, F_GETFD) == 0);
	for (int fd = FIRST; fd <= LAST; fd++)
		check(fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

static void marks_what_is_above(void **state)
{
	(void)state;
	in_child(mark_with_an_old_kernel);
}

static void fill_closed_ones(void)
{
	char byte = 'x';

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	check(descriptors_fill_standard() == 0);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		check(is_open(fd));
	/* Nothing pretends to have been written. */
	check(write(STDOUT_FILENO, &byte, 1) < 0 && errno == EBADF);
	check(write(STDERR_FILENO, &byte, 1) < 0 && errno == EBADF);
	check(read(STDIN_FILENO, &byte, 1) < 0 && errno == EBADF);
}

static void leave_open_ones(void)
{
	struct stat before, after;

	check(fstat(STDOUT_FILENO, &before) == 0);
	close(STDIN_FILENO);
	check(descriptors_fill_standard() == 0);
	check(fstat(STDOUT_FILENO, &after) == 0);
	check(before.st_ino == after.st_ino && before.st_dev == after.st_dev);
}

static void fills_standard_descriptors(void **state)
{
	(void)state;
	in_child(fill_closed_ones);
	in_child(leave_open_ones);
}

/* ---- program_begin() ------------------------------------------------------------------------- */

static void begin_with_signals_blocked(void)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGCHLD, SIG_IGN);
	program_begin("test", 1);
	sigprocmask(SIG_SETMASK, NULL, &set);
	for (int number = 1; number < 32; number++)
		check(sigismember(&set, number) == 0);
	check(signal(SIGCHLD, SIG_DFL) == SIG_DFL);
}

static void begin_without_a_name(void)
{
	close(STDERR_FILENO);
	program_begin("test", 0);
}

static void begins_with_signals_as_they_should_be(void **state)
{
	(void)state;
	in_child(begin_with_signals_blocked);
}

static void refuses_to_begin_without_a_name(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		begin_without_a_name();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 126);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void name_limits(void)
{
	const struct rlimit low = {20, 20};
	char text[SHORTAGE_BYTES];
	struct err err = {0};

	check(setrlimit(RLIMIT_NOFILE, &low) == 0);
	check(!strcmp(shortage_text(EMFILE, text), "Too many open files (the limit is 20 open "
						   "files; try: ulimit -n 1024)"));
	check(!strcmp(shortage_text(ENOENT, text), "No such file or directory"));
	err_set(&err, EMFILE, "no pipe: %s", strerror(EMFILE));
	check(shortage_explain(&err) == -EMFILE && shortage_explain(&err) == -EMFILE);
	check(!strcmp(err.text, "no pipe: Too many open files (the limit is 20 open files; try: "
				"ulimit -n 1024)"));
}

static void name_no_limit(void)
{
	struct rlimit limit;
	char text[SHORTAGE_BYTES];
	struct err err = {0};

	check(getrlimit(RLIMIT_FSIZE, &limit) == 0);
	if (limit.rlim_cur == RLIM_INFINITY)
		check(!strcmp(shortage_text(EFBIG, text), strerror(EFBIG)));
	err_set(&err, ENOENT, "nothing there");
	check(shortage_explain(&err) == -ENOENT && !strcmp(err.text, "nothing there"));
}

static void names_the_limit_behind_an_error(void **state)
{
	(void)state;
	in_child(name_limits);
	in_child(name_no_limit);
}

static void lift(void)
{
	struct rlimit limit = {1000, 5000};

	check(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	limit = (struct rlimit){20, 400};
	check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	program_lift_limits();
	check(getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur >= 5000);
	check(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 400);
}

static void lifts_limits_as_far_as_it_may(void **state)
{
	(void)state;
	in_child(lift);
}

/* ---- signals --------------------------------------------------------------------------------- */

static void names_signals(void **state)
{
	char name[SIGNAL_NAME_BYTES];

	(void)state;
	assert_string_equal(signal_name(SIGSYS, name), "SIGSYS");
	assert_string_equal(signal_name(SIGKILL, name), "SIGKILL");
	assert_string_equal(signal_name(40, name), "signal 40");
	assert_string_equal(signal_name(0, name), "signal 0");
	assert_string_equal(signal_name(-1, name), "signal -1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closes_what_is_above),
		cmocka_unit_test(marks_what_is_above),
		cmocka_unit_test(fills_standard_descriptors),
		cmocka_unit_test(begins_with_signals_as_they_should_be),
		cmocka_unit_test(refuses_to_begin_without_a_name),
		cmocka_unit_test(names_the_limit_behind_an_error),
		cmocka_unit_test(lifts_limits_as_far_as_it_may),
		cmocka_unit_test(names_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
