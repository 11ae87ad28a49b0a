/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/run.h"

#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

/* Starts the program with its output in the pipe; the caller's signal mask is not for it. */
static int spawn(char *const *argv, int out_fd, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int r;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	r = posix_spawn(ret, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return r;
}

/* Reads to the end of the pipe. -ETIMEDOUT, -EFBIG or what read() says. */
static int read_all(int fd, int64_t deadline, struct strbuf *out)
{
	char buffer[65536];

	for (;;) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - now_ms();
		ssize_t n;

		if (left <= 0 || poll(&poll_fd, 1, (int)left) == 0)
			return -ETIMEDOUT;
		n = read(fd, buffer, sizeof(buffer));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		if (n > 0)
			strbuf_add(out, (struct text){buffer, (size_t)n});
		if (out->failed)
			return out->failed;
	}
}

/* Waits for the end of a child that has closed its output, or is about to die. */
static int reap(pid_t pid, int64_t deadline)
{
	int status;
	pid_t r;

	while ((r = waitpid(pid, &status, WNOHANG)) == 0 && now_ms() < deadline)
		poll(NULL, 0, 1);
	if (r == 0) {
		kill(pid, SIGKILL);
		r = waitpid(pid, &status, 0);
	}
	return r == pid ? status : -1;
}

int run_and_read(char *const *argv, int timeout_ms, struct strbuf *out, struct err *err)
{
	int64_t deadline = now_ms() + timeout_ms;
	_close_ int from = -1, to = -1;
	int ends[2], status, r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return err_set(err, errno, "%s: no pipe: %m", argv[0]);
	from = ends[0];
	to = ends[1];
	r = spawn(argv, to, &pid);
	if (r) {
		errno = r;
		return err_set(err, r, "%s: cannot run: %m", argv[0]);
	}
	close(steal_fd(&to));
	r = read_all(from, deadline, out);
	if (r)
		kill(pid, SIGKILL);
	status = reap(pid, deadline);
	if (r) {
		errno = -r;
		return err_set(err, -r, "%s: no whole answer: %m", argv[0]);
	}
	if (WIFSIGNALED(status))
		return err_set(err, EPROTO, "%s: killed by signal %d", argv[0], WTERMSIG(status));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return err_set(err, EPROTO, "%s: exit status %d", argv[0], WEXITSTATUS(status));
	return 0;
}
