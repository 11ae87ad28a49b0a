/* Lines for people: standard error, syslog, systemd's journal.  A full log never makes us wait. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"

/*
 * One line to standard error, in one write: lines of several programs do not mix. A pipe or a
 * terminal that is full loses the line. Up to PIPE_BUF bytes never wait.
 */
void log_to_stderr(struct text line);

/*
 * One line to the local syslog. `severity` as LOG_ERR; `line` without a newline. A syslog that is
 * missing, hangs or is full loses the line and costs no time.
 */
void log_to_syslog(const char *program, int severity, struct text line);

/* A field of the journal, found by `journalctl NAME=VALUE`. Names: capitals, digits, "_" only. */
struct journal_field {
	const char *name;
	struct text value; /* empty: left out */
};

struct journal_message {
	const char *who; /* SYSLOG_IDENTIFIER */
	int priority;    /* LOG_ERR... */
	struct text text;
	const struct journal_field *fields;
	size_t n_fields;
};

/*
 * The message as it goes over the socket (systemd.io/JOURNAL_NATIVE_PROTOCOL). Every field carries
 * its length, so no byte of a value can forge another field.
 */
void journal_format(struct strbuf *out, const struct journal_message *message);

/* -errno where no journal listens. Never waits. */
int log_to_journal(const struct journal_message *message) MUST_CHECK;

/* Is this descriptor a stream that systemd gave us, which ends in the journal? */
bool ends_in_journal(int fd);

/*
 * Sends one datagram to the socket at `path` ('@' in front: an abstract name): to syslog, the
 * journal or the service manager. Never waits. -errno.
 */
int datagram_send(const char *path, struct text message) MUST_CHECK;
