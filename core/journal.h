/* systemd's journal, by its native protocol: messages with fields to search by. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"

/* Shown by `journalctl NAME=VALUE`. The name has capitals, digits and underscores only. */
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

/* As it goes over the socket (systemd.io/JOURNAL_NATIVE_PROTOCOL). No byte in a value forges. */
void journal_format(struct strbuf *out, const struct journal_message *message);

/* -errno where no journal listens. Never waits. */
int journal_send(const struct journal_message *message) MUST_CHECK;

/* Is this descriptor a stream that systemd gave us, which ends in the journal? */
bool journal_has(int fd);
