/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/private.h"

#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <linux/close_range.h>

/*
 * Mounted over in our own namespace only. A folder that every Linux has and under which nobody
 * keeps a disk: what lies below the mount point cannot be opened by the private bootfs.
 */
#define MOUNTPOINT        "/proc/fs"
#define MOUNTPOINT_PARENT "/proc"

enum { READY_FD = 3, START_TIMEOUT_MS = 20000 };

int private_program(const char *name, char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size);
	char *slash;

	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + 1 - path) + strlen(name) >= size)
		return -ENAMETOOLONG;
	memcpy(slash + 1, name, strlen(name) + 1);
	return 0;
}

static int enter_namespace(struct err *err)
{
	if (unshare(CLONE_NEWNS))
		return err_set(err, errno, "cannot start a private bootfs: %m%s",
			errno == EPERM ? " (root is needed where no bootfs is mounted)" : "");
	/* The host's unmounts shall reach us, ours not the host. In a plain chroot "/" is no
	 * mount point: there the parent of our mount point must do. */
	(void)mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
	if (mount(NULL, MOUNTPOINT_PARENT, NULL, MS_REC | MS_PRIVATE, NULL))
		return err_set(
			err, errno, "cannot start a private bootfs: %s: %m", MOUNTPOINT_PARENT);
	return 0;
}

/* The new process: nothing of the terminal, no descriptor but the few it needs. */
static void exec_daemon(
	const char *program, const char *config, pid_t parent, int ready, int errors)
{
	char *const argv[] = {(char *)(uintptr_t)program, (char[]){"-f"}, (char[]){"--private"},
		(char[]){"--ready-fd=3"}, (char[]){"--config"}, (char *)(uintptr_t)config,
		(char[]){MOUNTPOINT}, NULL};
	char *const argv_plain[] = {argv[0], argv[1], argv[2], argv[3], (char[]){MOUNTPOINT}, NULL};
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	setsid();
	/* Above everything that is put in its place below. */
	ready = fcntl(ready, F_DUPFD, 10);
	errors = fcntl(errors, F_DUPFD, 10);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	dup2(ready, READY_FD);
	close_range(READY_FD + 1, ~0u, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		execv(program, config ? argv : argv_plain);
	_exit(127);
}

/* The last line of what the daemon complained of. */
static int failed_start(const char *program, int errors, struct err *err)
{
	char text[1024];
	ssize_t n = read(errors, text, sizeof(text));
	struct text said = text_trim((struct text){text, n > 0 ? (size_t)n : 0});
	size_t at = said.len;

	while (at && said.at[at - 1] != '\n')
		at--;
	said = text_skip(said, at);
	if (!said.len)
		return err_set(err, ECHILD, "cannot start a private bootfs: %s ended at once%s",
			program, access(program, X_OK) ? " (not installed?)" : "");
	return err_set(err, ECHILD, "cannot start a private bootfs: %.*s", TEXT_ARG(said));
}

static int wait_ready(const char *program, int ready, int errors, struct err *err)
{
	struct pollfd poll_fd = {.fd = ready, .events = POLLIN};
	char byte;

	if (poll(&poll_fd, 1, START_TIMEOUT_MS) <= 0)
		return err_set(err, ETIMEDOUT, "the private bootfs does not get ready");
	return read(ready, &byte, 1) == 1 ? 0 : failed_start(program, errors, err);
}

int private_start(const char *config, bool debug, const char **mountpoint, struct err *err)
{
	_close_ int ready = -1, ready_end = -1, errors = -1, errors_end = -1;
	int ready_pipe[2], errors_pipe[2];
	pid_t parent = getpid(), pid;
	char program[4096];

	if (private_program("bootfs", program, sizeof(program)) || enter_namespace(err))
		return err_set(err, EIO, "cannot find bootfs beside this program");
	if (pipe2(ready_pipe, O_CLOEXEC))
		return err_set(err, errno, "no pipe: %m");
	ready = ready_pipe[0];
	ready_end = ready_pipe[1];
	if (pipe2(errors_pipe, O_CLOEXEC | O_NONBLOCK))
		return err_set(err, errno, "no pipe: %m");
	errors = errors_pipe[0];
	errors_end = errors_pipe[1];
	pid = fork();
	if (pid < 0)
		return err_set(err, errno, "cannot start a private bootfs: %m");
	if (pid == 0)
		exec_daemon(program, config, parent, ready_end, debug ? STDERR_FILENO : errors_end);
	close(steal_fd(&ready_end));
	*mountpoint = MOUNTPOINT;
	if (wait_ready(program, ready, errors, err))
		return -err->code;
	/* Its end stays open as long as we live: a complaint must not end the daemon. */
	(void)steal_fd(&errors);
	return 0;
}
