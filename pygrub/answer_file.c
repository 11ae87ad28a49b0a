/* Where the answer goes: a file, a FIFO or standard output. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/answer.h"

#include "core/checked.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>

int answer_open(const char *path, struct answer_file *ret, struct err *err)
{
	struct stat st;

	*ret = (struct answer_file){.path = path, .fd = STDOUT_FILENO};
	if (!path)
		return 0;
	ret->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600);
	ret->created = ret->fd >= 0;
	if (ret->fd < 0 && errno == EEXIST)
		ret->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (ret->fd < 0 || fstat(ret->fd, &st))
		return err_set(err, errno, "--output=%s: cannot open: %m", path);
	ret->regular = S_ISREG(st.st_mode);
	return 0;
}

/* Waits until a pipe takes PIPE_BUF bytes; files are always ready. */
static int wait_writable(int fd, int wake_fd)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLOUT}, {.fd = wake_fd, .events = POLLIN}};

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return -errno;
	return fds[1].revents ? -EINTR : 0;
}

static int write_all(int fd, int wake_fd, struct text bytes)
{
	while (bytes.len) {
		int r = wait_writable(fd, wake_fd);
		ssize_t n;

		if (r)
			return r;
		n = write(fd, bytes.at, min_size(bytes.len, PIPE_BUF));
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0)
			bytes = text_skip(bytes, (size_t)n);
	}
	return 0;
}

int answer_write(struct answer_file *file, struct text answer, int wake_fd, struct err *err)
{
	const char *name = file->path ? file->path : "standard output";
	int r = 0;

	if (file->regular && ftruncate(file->fd, 0))
		r = -errno;
	if (!r)
		r = write_all(file->fd, wake_fd, answer);
	/* Some file systems say only now that there was no room. */
	if (!r && file->path && close(steal_fd(&file->fd)))
		r = -errno;
	if (!r)
		return 0;
	if (file->regular && file->path && truncate(file->path, 0))
		err_set(err, errno, "%s: half an answer is in it: %m", name);
	errno = -r;
	return err_set(err, -r, "%s: cannot write the answer: %m", name);
}

void answer_discard(struct answer_file *file)
{
	if (!file->path)
		return;
	/* What an earlier run left there is no answer to this one. */
	if (file->fd >= 0 && file->regular)
		(void)!ftruncate(file->fd, 0);
	if (file->fd >= 0)
		close(steal_fd(&file->fd));
	if (file->created)
		unlink(file->path);
}
