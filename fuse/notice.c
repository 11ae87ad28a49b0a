/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/notice.h"

#include "core/escape.h"

#include <stdarg.h>

void notice_say(const struct notice *notice, int priority, const char *format, ...)
{
	_strbuf_ struct strbuf line = {0};
	char text[2048];
	va_list args;

	if (notice->quiet && priority > LOG_ERR)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	escape_add(&line, text_of(text));
	if (line.failed)
		return;
	if (notice->to_syslog)
		syslog(priority, "%s", line.at ? line.at : "");
	else
		fprintf(stderr, "bootfs: %s\n", line.at ? line.at : "");
}
