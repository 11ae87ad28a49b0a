/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tell.h"

#include "core/strbuf.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

/* RFC 3164 to the local socket, as syslog() sends it, but never waiting for a full one. */
void tell_syslog(const char *program, int severity, struct text line)
{
	static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	_strbuf_ struct strbuf out = {0};

	strbuf_addf(&out, "<%d>%s[%d]: ", LOG_DAEMON | severity, program, (int)getpid());
	strbuf_add(&out, line);
	if (fd < 0 || out.failed ||
		connect(fd, (const struct sockaddr *)&address, sizeof(address)) ||
		send(fd, out.at, out.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return; /* there is nobody to tell */
}

void tell_stderr(struct text line)
{
	struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
	_strbuf_ struct strbuf out = {0};

	strbuf_add(&out, line);
	strbuf_addc(&out, '\n');
	if (out.failed || poll(&ready, 1, 0) <= 0 || !(ready.revents & POLLOUT) ||
		write(STDERR_FILENO, out.at, out.len) < 0)
		return; /* there is nobody to tell */
}
