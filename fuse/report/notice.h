/* What the daemon tells people: on stderr, or in journal or syslog once it is in the background. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

/*
 * Who makes us write log lines must not fill the log: at most NOTICE_LINES in NOTICE_MS about one
 * subject, and no line longer than NOTICE_BYTES. Subjects share a limit where their hashes meet.
 */
enum { NOTICE_LINES = 5, NOTICE_MS = 60000, NOTICE_BYTES = 2048, NOTICE_SUBJECTS = 256 };

struct notice_limit {
	int64_t since_ms; /* when the first line of this time was written */
	uint32_t written, left_out;
};

struct notice {
	bool to_journal; /* stderr ends there: it had better come with priority and fields */
	bool to_syslog;
	bool quiet; /* errors only */
	struct notice_limit limits[NOTICE_SUBJECTS];
};

/*
 * One line, "bootfs: " in front on stderr; what a terminal would obey is escaped. LOG_ERR...
 * Never waits: a log that takes nothing costs the line.
 */
void notice_say(const struct notice *notice, int priority, const char *format, ...)
	PRINTF_LIKE(3, 4);

/*
 * The same of what a guest can cause, with "SUBJECT: " in front and within the limits. The subject
 * is a domain's name or the path of a disk; the journal knows it as BOOTFS_DOMAIN or BOOTFS_DISK,
 * and the rest as BOOTFS_REASON.
 */
void notice_about(struct notice *notice, struct text subject, int priority, const char *format, ...)
	PRINTF_LIKE(4, 5);
