/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/log.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>

int datagram_send(const char *path, struct text message)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(path);
	_close_ int fd = -1;

	if (!len || len >= sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, message.at, message.len, MSG_DONTWAIT | MSG_NOSIGNAL,
		    (const struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return -errno;
	return 0;
}

/* RFC 3164 to the local socket, as syslog() sends it, but never waiting for a full one. */
void log_to_syslog(const char *program, int severity, struct text line)
{
	_strbuf_ struct strbuf out = {0};

	strbuf_addf(&out, "<%d>%s[%d]: ", LOG_DAEMON | severity, program, (int)getpid());
	strbuf_add(&out, line);
	if (out.failed || datagram_send("/dev/log", strbuf_text(&out)))
		return; /* nobody reads it */
}

void log_to_stderr(struct text line)
{
	struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
	_strbuf_ struct strbuf out = {0};

	strbuf_add(&out, line);
	strbuf_addc(&out, '\n');
	if (out.failed || poll(&ready, 1, 0) <= 0 || !(ready.revents & POLLOUT) ||
		write(STDERR_FILENO, out.at, out.len) < 0)
		return; /* nobody reads it */
}

/* ---- the journal ------------------------------------------------------------------------------ */

#define JOURNAL "/run/systemd/journal/socket"

/* Always in the form with a length: there is no byte that a value must not have. */
static void add_field(struct strbuf *out, const char *name, struct text value)
{
	uint64_t len = htole64(value.len);

	if (!value.len)
		return;
	strbuf_adds(out, name);
	strbuf_addc(out, '\n');
	strbuf_add(out, (struct text){(const char *)&len, sizeof(len)});
	strbuf_add(out, value);
	strbuf_addc(out, '\n');
}

void journal_format(struct strbuf *out, const struct journal_message *message)
{
	const char priority = (char)('0' + message->priority);

	add_field(out, "MESSAGE", message->text);
	add_field(out, "PRIORITY", (struct text){&priority, 1});
	add_field(out, "SYSLOG_IDENTIFIER", text_of(message->who));
	for (size_t i = 0; i < message->n_fields; i++)
		add_field(out, message->fields[i].name, message->fields[i].value);
}

int log_to_journal(const struct journal_message *message)
{
	_strbuf_ struct strbuf out = {0};

	journal_format(&out, message);
	return out.failed ? out.failed : datagram_send(JOURNAL, strbuf_text(&out));
}

bool ends_in_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char here[64];
	struct stat stat;

	if (!stream || fstat(fd, &stat))
		return false;
	snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)stat.st_dev, (uintmax_t)stat.st_ino);
	return strcmp(here, stream) == 0;
}
