/* Runs one of our helpers and reads what it prints. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "core/strbuf.h"

/*
 * Runs argv[0] without a shell, waits up to timeout_ms, appends its standard output (bounded by
 * out->limit) to `out`. It gets no input; its standard error is ours. -errno with err filled
 * where it could not be started, hung, wrote too much or exited with another status than 0.
 */
int run_and_read(char *const *argv, int timeout_ms, struct strbuf *out, struct err *err) MUST_CHECK;
