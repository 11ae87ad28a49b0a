/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/background.h"

#include "fuse/host/mount.h"
#include "fuse/report/notice.h"

#include <errno.h>
#include <fcntl.h>

/* How long a mount that said it answers may take to do so. */
enum { ANSWER_MS = 10000 };

int ready_tell(int *fd, const char *text)
{
	int told = steal_fd(fd), r = 0;

	if (told < 0)
		return 0;
	if (write(told, text, strlen(text)) < 0)
		r = -errno;
	close(told);
	return r;
}

int background_fork(int *ready_fd)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		close(ends[0]);
		*ready_fd = ends[1];
		setsid();
		return 1;
	}
	close(ends[1]);
	*ready_fd = ends[0];
	return 0;
}

int background_wait(int ready_fd, const char *mountpoint)
{
	const struct notice notice = {0};
	_close_ int fd = ready_fd;
	char word[2048];
	size_t used = 0;
	ssize_t n;
	int r;

	while (used < sizeof(word) - 1) {
		n = read(fd, word + used, sizeof(word) - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	word[used] = '\0';
	if (strcmp(word, "1") != 0) {
		notice_say(&notice, LOG_ERR, "%s", used ? word : "ended before its mount answered");
		return -EIO;
	}
	r = mount_probe(mountpoint, ANSWER_MS);
	if (r)
		notice_say(&notice, LOG_ERR, "%s: mounted, but does not answer: %s", mountpoint,
			strerror(-r));
	return r;
}

void background_detach(void)
{
	_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (chdir("/"))
		return; /* only keeps the folder it was started in busy */
}
