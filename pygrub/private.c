/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/private.h"

#include "core/descriptors.h"
#include "core/program.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

/*
 * Mounted over in our own namespace only. A folder that every Linux has and under which nobody
 * keeps a disk: what lies below the mount point cannot be opened by the private bootfs. An empty
 * file system goes below it: bootfs mounts over nothing that is not empty.
 */
#define MOUNTPOINT        "/proc/fs"
#define MOUNTPOINT_PARENT "/proc"

enum { READY_FD = 3, START_TIMEOUT_MS = 20000 };

/* bootfs, where it is installed or built: some of our programs lie in bin, some in libexec. */
static bool find_daemon(char path[PATH_MAX])
{
	if (program_beside("bootfs", path))
		return true;
	return program_beside("../../bin/bootfs", path) || program_beside("bootfs", path);
}

static const char *what_is_missing(int error)
{
	if (error != EPERM && error != ENOSYS)
		return "";
	if (geteuid())
		return " (root is needed where no bootfs is mounted)";
	return " (does a container refuse it? start bootfs outside, or allow CAP_SYS_ADMIN)";
}

static int enter_namespace(struct err *err)
{
	if (unshare(CLONE_NEWNS))
		return err_set(err, errno,
			"cannot start a private bootfs: no mount namespace: %m%s",
			what_is_missing(errno));
	/* The host's unmounts shall reach us, ours not the host. In a plain chroot "/" is no
	 * mount point: there the parent of our mount point must do. */
	(void)mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
	if (mount(NULL, MOUNTPOINT_PARENT, NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("none", MOUNTPOINT, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			"size=4k,mode=0700"))
		return err_set(err, errno, "cannot start a private bootfs: %s: %m", MOUNTPOINT);
	return 0;
}

/* The new process: nothing of the terminal, no descriptor but the few it needs. */
static void exec_daemon(
	const char *program, const struct private_settings *settings, pid_t parent, int ready)
{
	/* execve() takes no const. */
	char *argv[8] = {(char *)(uintptr_t)program, (char[]){"-f"}, (char[]){"--private"},
		(char[]){"--ready-fd=3"}, (char[]){MOUNTPOINT}};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char config[] = "--config";
	struct rlimit limit;
	sigset_t none;

	if (settings->config) {
		argv[5] = config;
		argv[6] = (char *)(uintptr_t)settings->config;
	}
	setsid();
	/* First above everything that is put in its place below. */
	ready = fcntl(ready, F_DUPFD, READY_FD + 1);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (!settings->debug)
		dup2(null, STDERR_FILENO);
	dup2(ready, READY_FD);
	descriptors_close_from(READY_FD + 1);
	/* A limit that the caller set for our copies is none for its answers in memory. */
	if (!getrlimit(RLIMIT_FSIZE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_FSIZE, &limit);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		execv(program, argv);
	_exit(127);
}

/* It writes "1" when the tree answers, or the reason why it never will; then it closes. */
static int wait_ready(const char *program, int ready, struct err *err)
{
	struct pollfd poll_fd = {.fd = ready, .events = POLLIN};
	char word[400];
	size_t used = 0;

	while (used < sizeof(word)) {
		ssize_t n;

		if (poll(&poll_fd, 1, START_TIMEOUT_MS) == 0)
			return err_set(err, ETIMEDOUT, "the private bootfs does not get ready");
		n = read(ready, word + used, sizeof(word) - used);
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	if (used == 1 && word[0] == '1')
		return 0;
	if (used)
		return err_set(err, ECHILD, "cannot start a private bootfs: %.*s", (int)used, word);
	return err_set(err, ECHILD, "cannot start a private bootfs: %s %s", program,
		access(program, X_OK) ? "is not installed" : "ended at once");
}

int private_start(
	const struct private_settings *settings, struct private_bootfs *ret, struct err *err)
{
	_close_ int ready = -1, ready_end = -1;
	pid_t parent = getpid();
	char program[PATH_MAX];
	int ends[2];

	(void)!find_daemon(program);
	if (enter_namespace(err))
		return -err->code;
	if (pipe2(ends, O_CLOEXEC))
		return err_set(err, errno, "no pipe: %m");
	ready = ends[0];
	ready_end = ends[1];
	ret->pid = fork();
	if (ret->pid < 0)
		return err_set(err, errno, "cannot start a private bootfs: %m");
	if (ret->pid == 0)
		exec_daemon(program, settings, parent, ready_end);
	close(steal_fd(&ready_end));
	ret->mountpoint = MOUNTPOINT;
	return wait_ready(program, ready, err);
}

void private_stop(struct private_bootfs *bootfs)
{
	if (bootfs->pid <= 0)
		return;
	kill(bootfs->pid, SIGKILL);
	waitpid(bootfs->pid, NULL, 0);
	bootfs->pid = 0;
}
