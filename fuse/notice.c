/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/notice.h"

#include "core/escape.h"
#include "core/tell.h"
#include "fuse/loop.h"

#include <stdarg.h>

static void notice_write(const struct notice *notice, int priority, struct text text)
{
	_strbuf_ struct strbuf line = {0};

	if (notice->quiet && priority > LOG_ERR)
		return;
	if (!notice->to_syslog)
		strbuf_adds(&line, "bootfs: ");
	escape_add_cut(&line, text, NOTICE_BYTES);
	if (line.failed)
		return;
	if (notice->to_syslog)
		tell_syslog("bootfs", priority, strbuf_text(&line));
	else
		tell_stderr(strbuf_text(&line));
}

void notice_say(const struct notice *notice, int priority, const char *format, ...)
{
	char text[NOTICE_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	notice_write(notice, priority, text_of(text));
}

static struct notice_limit *limit_of(struct notice *notice, struct text subject)
{
	uint32_t hash = 0x811c9dc5; /* FNV-1a */

	for (size_t i = 0; i < subject.len; i++)
		hash = (hash ^ (unsigned char)subject.at[i]) * 0x01000193;
	return &notice->limits[hash % NOTICE_SUBJECTS];
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
	int n;

	if (!may_say(notice, subject, priority))
		return;
	n = snprintf(text, sizeof(text), "%.*s: ", TEXT_ARG(subject));
	if (n < 0 || (size_t)n >= sizeof(text))
		return;
	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
	va_end(args);
	notice_write(notice, priority, text_of(text));
}
