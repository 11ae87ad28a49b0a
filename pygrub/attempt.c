/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/attempt.h"

#include "core/clock.h"
#include "core/kernel.h"
#include "pygrub/message.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum {
	TICK_MS = 250,
	FIRST_ANSWER_MS = 5000, /* opening the folder needs no inspection */
	DEATH_MS = 1000,
};

/* In the new process: nothing of the caller's but what the job names. */
static void become_reader(const struct job *job, const struct watch *watch)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != job->parent)
		_exit(1);
	if (watch->output_fd > STDERR_FILENO)
		close(watch->output_fd);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (!job->options->debug)
		dup2(null, STDERR_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int start(const struct job *job, const struct watch *watch, const char *mountpoint,
	pid_t *pid, struct err *err)
{
	int pidfd;

	*job->exchange = (struct exchange){0};
	*pid = fork();
	if (*pid < 0)
		return err_set(err, errno, "cannot start a process: %m");
	if (*pid == 0) {
		become_reader(job, watch);
		_exit(reader_run(job, mountpoint));
	}
	pidfd = kernel_pidfd_open(*pid);
	if (pidfd < 0) {
		err_set(err, errno, "cannot watch a process: %m");
		kill(*pid, SIGKILL);
		waitpid(*pid, NULL, 0);
		return -err->code;
	}
	return pidfd;
}

/* -EINTR: a signal; -ETIMEDOUT: no progress; 0: it is dead. */
static int wait_for(const struct job *job, const struct watch *watch, int pidfd)
{
	struct pollfd fds[] = {
		{.fd = pidfd, .events = POLLIN}, {.fd = watch->signal_fd, .events = POLLIN}};
	int64_t since = now_ms();
	uint64_t seen = 0;

	for (;;) {
		uint64_t progress = atomic_load(&job->exchange->progress);
		bool opened = atomic_load(&job->exchange->opened);
		int n;

		if (progress != seen)
			since = now_ms();
		seen = progress;
		/* Standing still with progress 0 or 1 is a mount that does not even look up. */
		if (now_ms() - since > (opened || !progress ? watch->stall_ms : FIRST_ANSWER_MS))
			return -ETIMEDOUT;
		n = poll(fds, ARRAY_SIZE(fds), TICK_MS);
		if (n > 0 && fds[1].revents)
			return -EINTR;
		if (n > 0 && fds[0].revents)
			return 0;
	}
}

/* Kills the reader; one that hangs in the kernel is left behind, it holds nothing. */
static void kill_reader(pid_t pid, int pidfd)
{
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	kill(pid, SIGKILL);
	if (poll(&fd, 1, DEATH_MS) > 0)
		waitpid(pid, NULL, 0);
}

static void print_warnings(const struct job *job)
{
	struct text rest = text_of(job->exchange->warnings), line;

	while (text_cut(&rest, '\n', &line))
		message_warning(job->options, line);
}

/* What the dead reader left; a reader that died without a word died of something. */
static int read_status(const struct job *job, pid_t pid, struct err *err)
{
	struct exchange *exchange = job->exchange;
	int status = 0;

	waitpid(pid, &status, 0);
	exchange->err.text[sizeof(exchange->err.text) - 1] = '\0';
	exchange->warnings[sizeof(exchange->warnings) - 1] = '\0';
	exchange->one_shot_domain[sizeof(exchange->one_shot_domain) - 1] = '\0';
	exchange->one_shot_key[sizeof(exchange->one_shot_key) - 1] = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (exchange->err.code)
		return err_set(err, exchange->err.code, "%s", exchange->err.text);
	return err_set(err, EPROTO, "the reading process died (%s %d)",
		WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static int attempt(
	const struct job *job, const struct watch *watch, const char *mountpoint, struct err *err)
{
	pid_t pid;
	_close_ int pidfd = start(job, watch, mountpoint, &pid, err);
	int r;

	if (pidfd < 0)
		return pidfd;
	r = wait_for(job, watch, pidfd);
	if (r == 0)
		return read_status(job, pid, err);
	kill_reader(pid, pidfd);
	if (r == -ETIMEDOUT)
		return err_set(err, ETIMEDOUT, "bootfs at %s does not answer",
			mountpoint ? mountpoint : "its private mount");
	return r;
}

int attempt_all(
	const struct job *job, const struct watch *watch, const char **mountpoint, struct err *err)
{
	int r;

	if (*mountpoint) {
		struct err first = {0};

		r = attempt(job, watch, *mountpoint, &first);
		if (r == 0 || r == -EINTR || job->exchange->final) {
			*err = first;
			print_warnings(job);
			return r;
		}
		message_warning(job->options, text_of(first.text));
		message_warning(job->options, TEXT("trying again with a private bootfs"));
		*mountpoint = NULL;
	}
	r = attempt(job, watch, NULL, err);
	if (r == -EIO && !job->exchange->final) {
		message_debug(job->options, "%s: once more", err->text);
		*err = (struct err){0};
		r = attempt(job, watch, NULL, err);
	}
	print_warnings(job);
	return r;
}

int attempt_result(const struct job *job, struct strbuf *out, struct err *err)
{
	char buffer[65536];
	off_t offset = 0;
	ssize_t n;

	while ((n = pread(job->result_fd, buffer, sizeof(buffer), offset)) > 0) {
		strbuf_add(out, (struct text){buffer, (size_t)n});
		offset += n;
	}
	if (n < 0 || out->failed || !out->len)
		return err_set(err, EIO, "the answer got lost");
	return 0;
}
