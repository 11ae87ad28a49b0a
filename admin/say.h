/* What commands tell people: colours on a terminal, one escaped line a message. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"

#include <stdbool.h>

/* Exit statuses of all commands. */
enum {
	STATUS_FINE = 0,
	STATUS_FAULTS = 1, /* asked and answered: some guest would not boot, differs, is refused */
	STATUS_TROUBLE = 2 /* not answered: a wrong command line, no bootfs, no right */
};

/* "bootfs: TEXT" on standard error; what a terminal would obey is escaped. */
void say(const char *format, ...) PRINTF_LIKE(1, 2);

enum colour { PLAIN, BOLD, RED, GREEN, YELLOW, BLUE };

/* Is this a terminal that shows colours? No with NO_COLOR set, or TERM=dumb. */
bool colours_wanted(int fd);

/* Appends the text in a colour, where `wanted`. The text must be escaped already. */
void add_coloured(struct strbuf *out, bool wanted, enum colour colour, struct text text);

/* Writes all of it to standard output; false: it could not be, and that was said. */
bool print_all(const struct strbuf *out) MUST_CHECK;
