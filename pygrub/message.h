/* The one line that says why there is no answer, where people look for it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"
#include "core/strbuf.h"
#include "pygrub/options.h"

/*
 * Failures and warnings go to standard error and to syslog (there with disk and domain: xl's log
 * file has another name at every try). Each is one line, bounded, with nothing in it that a
 * terminal obeys. Syslog never makes us wait.
 */

/*
 * Appends a text, cut to a bounded length and made safe for a terminal. Guests' text in it is
 * escaped already (the tree shows it so): a backslash stays one.
 */
void message_add(struct strbuf *out, struct text text);

/* `bootfs-pygrub: TEXT`; `RuntimeError: TEXT` where XAPI called, which shows what follows that. */
void message_failure(const struct options *options, struct text text);
void message_warning(const struct options *options, struct text text);

/* To syslog only: for what happens while a menu is on the terminal. */
void message_log(const struct options *options, struct text text);

/* With --debug only; to standard error only. */
void message_debug(const struct options *options, const char *format, ...) PRINTF_LIKE(2, 3);
