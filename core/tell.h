/* Lines for people, to where they look; nobody who does not read them makes us wait. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/*
 * One line to the local syslog. `severity` as LOG_ERR; `line` without a newline. A syslog that is
 * not there, hangs or is full costs the line and no time.
 */
void tell_syslog(const char *program, int severity, struct text line);

/*
 * One line to standard error, in one write: lines of several programs do not mix. A pipe or a
 * terminal that is full costs the line. Up to PIPE_BUF bytes never wait.
 */
void tell_stderr(struct text line);
