/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "images/qemu.h"

#include "core/descriptors.h"
#include "model/image_format.h"
#include "core/strbuf.h"
#include "wire/serve.h"
#include "wire/handoff.h"
#include "images/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ---- what QEMU is told ----------------------------------------------------------------------- */

/* One of QEMU's names, as the asker looked it up: nothing else gets into the JSON. */
static bool is_known(const char *format)
{
	const char *known = image_format_find(text_of(format));

	return known && strcmp(known, format) == 0;
}

bool qemu_describe(struct strbuf *out, char *const *formats, const bool *device, uint32_t n)
{
	strbuf_adds(out, "json:");
	for (uint32_t i = 0; i < n; i++) {
		if (!is_known(formats[i]))
			return false;
		/* The running guest's QEMU may hold locks on it; we only read. */
		strbuf_addf(out,
			"{\"driver\":\"%s\",\"read-only\":true,\"force-share\":true,\"file\":{"
			"\"driver\":\"%s\",\"filename\":\"" CAGE_DISKS "/%u\",\"read-only\":true,"
			"\"locking\":\"off\"},\"backing\":",
			formats[i], device[i] ? "host_device" : "file", i);
	}
	/* Never what the header names. */
	strbuf_adds(out, "null");
	for (uint32_t i = 0; i < n; i++)
		strbuf_adds(out, "}");
	return !out->failed;
}

/* ---- its socket ------------------------------------------------------------------------------ */

/*
 * QEMU takes only a listening socket. Ours has a name of the kernel's choice in a network of its
 * own, so that nobody else can connect; and one connection, which is the inspector's, waits in it.
 */
static int listen_for_inspector(int *ret, struct err *err)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	socklen_t length = sizeof(name.sun_family);
	_close_ int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_close_ int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (server < 0 || client < 0 || bind(server, (const struct sockaddr *)&name, length) < 0 ||
		listen(server, 1) < 0)
		return err_set(err, errno, "cannot make a socket for QEMU: %s", strerror(errno));
	length = sizeof(name);
	if (getsockname(server, (struct sockaddr *)&name, &length) < 0 ||
		connect(client, (const struct sockaddr *)&name, length) < 0)
		return err_set(err, errno, "cannot make a socket for QEMU: %s", strerror(errno));
	if (handoff_give(SERVE_PAIR, client) < 0)
		return err_set(err, EPIPE, "the inspector is gone");
	*ret = steal_fd(&server);
	return 0;
}

/* ---- becoming it ----------------------------------------------------------------------------- */

enum { LISTENING = 3 /* where socket activation has it */ };

static int become(int program, int server, struct strbuf *image, struct err *err)
{
	char *const argv[] = {(char[]){"qemu-nbd"}, (char[]){"--read-only"}, image->at, NULL};
	char pid[32];
	char *const environment[] = {
		pid, (char[]){"LISTEN_FDS=1"}, (char[]){"MALLOC_ARENA_MAX=1"}, NULL};

	snprintf(pid, sizeof(pid), "LISTEN_PID=%d", (int)getpid());
	descriptors_close_on_exec(LISTENING + 1);
	if (dup2(server, LISTENING) < 0)
		return err_set(err, errno, "cannot start QEMU: %s", strerror(errno));
	fexecve(program, argv, environment);
	return err_set(err, errno, "cannot start QEMU: %s", strerror(errno));
}

static int open_program(const char *path, struct err *err)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno,
			"cannot be read without QEMU: %s: %s; install qemu-utils, or name qemu-nbd "
			"in "
			"bootfs.conf",
			path, strerror(errno));
	return fd;
}

int qemu_serve(
	const struct worker_order *order, const char *path, char *const *formats, struct err *err)
{
	_strbuf_ struct strbuf image = {.limit = 64 * 1024};
	_close_ int program = open_program(path, err), server = -1;
	struct cage cage = {.order = order, .n_disks = order->disks};
	int r = program < 0 ? program : cage_prepare(&cage, err);

	if (r == 0 && !qemu_describe(&image, formats, cage.device, cage.n_disks))
		r = err_set(err, EINVAL, "bootfs-serve: this is for bootfs itself");
	if (r == 0)
		r = listen_for_inspector(&server, err);
	if (r == 0)
		r = cage_enter(&cage, err);
	return r < 0 ? r : become(program, server, &image, err);
}
