/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/report/notice.h"

#include "core/escape.h"
#include "core/hash.h"
#include "core/log.h"
#include "fuse/loop/loop.h"

#include <stdarg.h>

enum { SUBJECT_BYTES = 256 };

/* Where stderr ends in the journal, the priority in front is sd-daemon(3)'s. */
static void print_line(const struct notice *notice, int priority, struct text line)
{
	_strbuf_ struct strbuf out = {0};

	if (notice->to_journal)
		strbuf_addf(&out, "<%d>", priority);
	else
		strbuf_adds(&out, "bootfs: ");
	strbuf_add(&out, line);
	if (!out.failed)
		log_to_stderr(strbuf_text(&out));
}

/* The texts are escaped. */
static int send_to_journal(int priority, struct text line, struct text subject, struct text reason)
{
	bool disk = text_starts(subject, TEXT("/"));
	const struct journal_field fields[] = {
		{disk ? "BOOTFS_DISK" : "BOOTFS_DOMAIN", subject},
		{"BOOTFS_REASON", reason},
	};
	const struct journal_message message = {
		"bootfs", priority, line, fields, ARRAY_SIZE(fields)};

	return log_to_journal(&message);
}

static void notice_write(
	const struct notice *notice, int priority, struct text subject, struct text reason)
{
	_strbuf_ struct strbuf line = {0}, who = {0}, why = {0};

	if (notice->quiet && priority > LOG_ERR)
		return;
	escape_add_cut(&who, subject, SUBJECT_BYTES);
	escape_add_cut(&why, reason, NOTICE_BYTES - SUBJECT_BYTES);
	strbuf_addf(&line, "%s%s", who.len ? who.at : "", who.len ? ": " : "");
	strbuf_add(&line, strbuf_text(&why));
	if (who.failed || why.failed || line.failed)
		return;
	/*
	 * Only with fields to tell: of who has ended meanwhile, as after a wrong configuration, the
	 * journal no longer finds out the unit, which it knows of stderr.
	 */
	if (who.len && (notice->to_journal || notice->to_syslog) &&
		!send_to_journal(
			priority, strbuf_text(&line), strbuf_text(&who), strbuf_text(&why)))
		return;
	if (notice->to_syslog)
		log_to_syslog("bootfs", priority, strbuf_text(&line));
	else
		print_line(notice, priority, strbuf_text(&line));
}

void notice_say(const struct notice *notice, int priority, const char *format, ...)
{
	char text[NOTICE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	notice_write(notice, priority, (struct text){0}, text_of(text));
}

static struct notice_limit *limit_of(struct notice *notice, struct text subject)
{
	return &notice->limits[hash_text(HASH_START, subject) % NOTICE_SUBJECTS];
}

/* False: too many lines by now. What was left out before is told with the first line after it. */
static bool may_say(struct notice *notice, struct text subject, int priority)
{
	struct notice_limit *limit = limit_of(notice, subject);
	int64_t now = now_ms();

	if (!limit->written || now - limit->since_ms >= NOTICE_MS) {
		if (limit->left_out)
			notice_say(notice, priority, "%.*s: %u more lines were left out",
				TEXT_ARG(subject), limit->left_out);
		*limit = (struct notice_limit){.since_ms = now};
	}
	if (limit->written < NOTICE_LINES) {
		limit->written++;
		return true;
	}
	limit->left_out++;
	return false;
}

void notice_about(struct notice *notice, struct text subject, int priority, const char *format, ...)
{
	char text[NOTICE_BYTES];
	va_list args;

	if (!may_say(notice, subject, priority))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	notice_write(notice, priority, subject, text_of(text));
}
