/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/ops/session.h"

#include "fuse/ops/ops.h"

#include <errno.h>

static void session_ready(struct source *source)
{
	struct daemon *daemon = container_of(source, struct daemon, fuse);
	int n;

	pool_collect(&daemon->pool);
	n = fuse_session_receive_buf(daemon->session, &daemon->request);
	if (n == -EINTR || n == -EAGAIN)
		return;
	if (n > 0)
		fuse_session_process_buf(daemon->session, &daemon->request);
	if (n <= 0 || fuse_session_exited(daemon->session))
		daemon->loop.stop = true;
	if (daemon->answering && daemon->answers) {
		daemon->answers(daemon);
		daemon->answers = NULL;
	}
}

int session_start(
	struct daemon *daemon, int fuse_fd, void (*answers)(struct daemon *daemon), struct err *err)
{
	char name[] = "bootfs", path[32];
	char *argv[] = {name, NULL};
	struct fuse_args args = {.argc = 1, .argv = argv};
	int r;

	daemon->answers = answers;
	daemon->session = fuse_session_new(&args, &serve_ops, sizeof(serve_ops), daemon);
	fuse_opt_free_args(&args);
	if (!daemon->session)
		return err_set(err, ENOMEM, "cannot make a FUSE session");
	/* libfuse takes a mounted descriptor in this form. */
	snprintf(path, sizeof(path), "/dev/fd/%d", fuse_fd);
	if (fuse_session_mount(daemon->session, path))
		return err_set(err, EIO, "libfuse does not take our mount");
	daemon->fuse = (struct source){fuse_fd, session_ready};
	r = loop_watch(&daemon->loop, &daemon->fuse);
	return r ? err_set(err, -r, "cannot watch /dev/fuse: %s", strerror(-r)) : 0;
}

void session_end(struct daemon *daemon)
{
	/*
	 * Not fuse_session_destroy(): a worker may hang in a read for a disk, and the kernel frees
	 * the connection when the last thread is gone, unless it is closed.
	 */
	loop_forget(&daemon->loop, &daemon->fuse);
	close(daemon->fuse.fd);
}
