/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "images/remote.h"

#include "core/nbd_url.h"
#include "wire/serve.h"
#include "wire/handoff.h"
#include "sandbox/steps.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int connect_unix(const struct nbd_url *url, int *ret, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_set(err, errno, "socket: %s", strerror(errno));
	if (url->socket.len >= sizeof(address.sun_path))
		return err_set(err, ENAMETOOLONG, "the socket's path is too long");
	memcpy(address.sun_path, url->socket.at, url->socket.len);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err_set(err, errno, "cannot connect to its NBD server: %s", strerror(errno));
	*ret = steal_fd(&fd);
	return 0;
}

static int connect_address(const struct addrinfo *at)
{
	_close_ int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);

	if (fd < 0 || connect(fd, at->ai_addr, at->ai_addrlen) < 0)
		return -1;
	return steal_fd(&fd);
}

static int connect_tcp(const struct nbd_url *url, int *ret, struct err *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *all = NULL;
	int r = getaddrinfo(url->host.at, url->port.at, &hints, &all);

	if (r != 0)
		return err_set(err, EIO, "no host %s: %s", url->host.at, gai_strerror(r));
	*ret = -1;
	for (const struct addrinfo *at = all; at && *ret < 0; at = at->ai_next)
		*ret = connect_address(at);
	r = errno;
	freeaddrinfo(all);
	return *ret < 0 ? err_set(err, r, "cannot connect to its NBD server: %s", strerror(r)) : 0;
}

/*
 * What a name server answers is read without the asker's rights; a socket of this host may need
 * them.
 */
static int connect_to(
	const struct nbd_url *url, const struct worker_order *order, int *ret, struct err *err)
{
	uint32_t gaps = 0;
	int r;

	if (url->socket.len)
		return connect_unix(url, ret, err);
	r = sandbox_user(order->uid, order->gid, &gaps, err);
	if (r == 0)
		r = sandbox_parent(SERVE_LIFE, err);
	return r < 0 ? r : connect_tcp(url, ret, err);
}

int remote_serve(const struct worker_order *order, const char *string, struct err *err)
{
	_arena_ struct arena arena = {.limit = 1 << 20};
	_close_ int fd = -1;
	struct nbd_url url;
	int r = nbd_url_parse(text_of(string), &arena, &url, err);

	if (r == 0)
		r = connect_to(&url, order, &fd, err);
	if (r == 0 && handoff_give(SERVE_PAIR, fd) < 0)
		return err_set(err, EPIPE, "the inspector is gone");
	return r;
}
