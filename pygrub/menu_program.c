/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/menu_program.h"

#include "core/descriptors.h"
#include "core/kernel.h"
#include "core/program.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { END_MS = 1000 }; /* to put the terminal in order */

static bool find(char path[PATH_MAX])
{
	return program_beside("../libexec/bootfs/bootfs-menu", path) ||
	       program_beside("bootfs-menu", path);
}

/* In the new process: the terminal, the conversation, the menu, and nothing else. */
static void become_menu(const char *path, const struct menu_program_settings *settings, int talk)
{
	char wait[32] = "--wait=forever", uid[32];
	/* execve() takes no const. */
	char *argv[] = {(char *)(uintptr_t)path, wait, uid, NULL};
	int json = fcntl(settings->json_fd, F_DUPFD, 10);
	sigset_t none;

	if (settings->wait_ms >= 0)
		snprintf(wait, sizeof(wait), "--wait=%" PRId64, settings->wait_ms);
	snprintf(uid, sizeof(uid), "--uid=%u", settings->uid);
	talk = fcntl(talk, F_DUPFD, 10);
	dup2(settings->display, STDOUT_FILENO);
	dup2(talk, MENU_TALK_FD);
	dup2(json, MENU_JSON_FD);
	descriptors_close_from(MENU_JSON_FD + 1);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(path, argv);
	_exit(127);
}

int menu_program_start(
	const struct menu_program_settings *settings, struct menu_program *ret, struct err *err)
{
	char path[PATH_MAX];
	int ends[2];

	*ret = (struct menu_program){.talk = -1};
	if (!find(path))
		return err_set(err, ENOENT, "bootfs-menu is not installed beside this program");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return err_set(err, errno, "no socket: %m");
	ret->is_terminal = !tcgetattr(STDIN_FILENO, &ret->before);
	ret->pid = fork();
	if (ret->pid == 0)
		become_menu(path, settings, ends[1]);
	close(ends[1]);
	ret->talk = ends[0];
	if (ret->pid < 0) {
		close(steal_fd(&ret->talk));
		return err_set(err, errno, "cannot start a process: %m");
	}
	return 0;
}

/* It ends when the conversation ends; a terminal that is stopped can keep it from that. */
static void wait_for_end(pid_t pid)
{
	_close_ int pidfd = kernel_pidfd_open(pid);
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0 || poll(&fd, 1, END_MS) < 1)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void menu_program_stop(struct menu_program *program)
{
	if (program->pid <= 0)
		return;
	close(steal_fd(&program->talk));
	wait_for_end(program->pid);
	program->pid = 0;
	if (program->is_terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &program->before);
}
