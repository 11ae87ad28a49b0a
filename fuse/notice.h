/* What the daemon tells people: on stderr, or in syslog once it is in the background. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

#include <stdbool.h>
#include <syslog.h>

struct notice {
	bool to_syslog;
	bool quiet; /* errors only */
};

/* One line, "bootfs: " in front on stderr; what a terminal would obey is escaped. LOG_ERR... */
void notice_say(const struct notice *notice, int priority, const char *format, ...)
	PRINTF_LIKE(3, 4);
