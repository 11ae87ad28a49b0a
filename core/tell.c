/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tell.h"

#include "core/datagram.h"
#include "core/strbuf.h"

#include <poll.h>
#include <syslog.h>
#include <unistd.h>

/* RFC 3164 to the local socket, as syslog() sends it, but never waiting for a full one. */
void tell_syslog(const char *program, int severity, struct text line)
{
	_strbuf_ struct strbuf out = {0};

	strbuf_addf(&out, "<%d>%s[%d]: ", LOG_DAEMON | severity, program, (int)getpid());
	strbuf_add(&out, line);
	if (out.failed || datagram_send("/dev/log", strbuf_text(&out)))
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
