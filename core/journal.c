/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/journal.h"

#include "core/datagram.h"

#include <endian.h>
#include <sys/stat.h>

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

int journal_send(const struct journal_message *message)
{
	_strbuf_ struct strbuf out = {0};

	journal_format(&out, message);
	return out.failed ? out.failed : datagram_send(JOURNAL, strbuf_text(&out));
}

bool journal_has(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char here[64];
	struct stat stat;

	if (!stream || fstat(fd, &stat))
		return false;
	snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)stat.st_dev, (uintmax_t)stat.st_ino);
	return strcmp(here, stream) == 0;
}
