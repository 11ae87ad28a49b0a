/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask/spawn.h"

#include "core/descriptors.h"
#include "core/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { CHILD_STACK = 64 * 1024 };

struct child {
	struct spawn *spawn;
	const char *const *argv;
	int failed; /* errno of what the child could not do; our memory is one */
};

/*
 * The child shares our memory until execve(), and other threads run on: nothing but system calls
 * here. Two rounds, because the descriptors may lie on each other's new numbers.
 */
static bool place_descriptors(struct spawn *spawn)
{
	for (unsigned i = 0; i < spawn->n_fds; i++) {
		spawn->fds[i] = fcntl(spawn->fds[i], F_DUPFD_CLOEXEC, (int)spawn->n_fds);
		if (spawn->fds[i] < 0) {
			errno = errno == EINVAL ? EMFILE : errno; /* all numbers are too high */
			return false;
		}
	}
	for (unsigned i = 0; i < spawn->n_fds; i++) {
		if (dup2(spawn->fds[i], (int)i) < 0)
			return false;
	}
	descriptors_close_from(spawn->n_fds);
	return true;
}

__attribute__((no_sanitize_address)) static int child_main(void *argument)
{
	static char *const no_environment[] = {NULL};
	struct child *child = argument;

	if (place_descriptors(child->spawn)) {
		union {
			const char *const *constant;
			char *const *plain;
		} argv = {child->argv};

		execve(child->spawn->program, argv.plain, no_environment);
	}
	child->failed = errno;
	_exit(127);
}

static pid_t start(struct child *child, void *stack, int apart, int *pidfd)
{
	int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | apart;

	return clone(child_main, (char *)stack + CHILD_STACK, flags, child, pidfd);
}

static bool refused(int error)
{
	return error == EPERM || error == EINVAL || error == ENOSPC || error == EUSERS ||
	       error == ENOSYS;
}

/* With all signals blocked: a handler of ours must not run in the child. */
static pid_t start_blocked(struct child *child, int *pidfd)
{
	const struct spawn *spawn = child->spawn;
	void *stack = mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	sigset_t all, old;
	pid_t pid = -1;
	int error;

	if (stack == MAP_FAILED)
		return -1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (int i = spawn->apart ? 0 : 1; i < 2 && pid < 0; i++) {
		child->argv = i == 0 ? spawn->argv : spawn->argv_plain;
		pid = start(child, stack, i == 0 ? spawn->apart : 0, pidfd);
		if (pid < 0 && !refused(errno))
			break;
	}
	error = errno;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	munmap(stack, CHILD_STACK);
	errno = error;
	return pid;
}

int spawn_start(struct spawn *spawn, pid_t *pid, int *pidfd, struct err *err)
{
	struct child child = {.spawn = spawn};
	char why[SHORTAGE_BYTES];

	*pid = start_blocked(&child, pidfd);
	if (*pid < 0)
		return err_set(err, errno, "cannot start %s: %s", spawn->program,
			shortage_text(errno, why));
	if (!child.failed)
		return 0;
	waitpid(*pid, NULL, 0);
	close(*pidfd);
	return err_set(err, child.failed, "cannot start %s: %s", spawn->program,
		shortage_text(child.failed, why));
}
