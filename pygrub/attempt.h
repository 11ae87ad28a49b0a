/* Runs the reading process and watches it: signals, hangs, a second try elsewhere. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "pygrub/answer.h"
#include "pygrub/job.h"

/* What the run waits for besides the reader. */
struct watch {
	int signal_fd;    /* a signalfd: readable when we are told to end */
	int64_t stall_ms; /* how long the reader may stand still */
	int output_fd;    /* the reader must not hold it; -1: none */
};

/*
 * Reads through the mount, where `*mountpoint` is not NULL, then, if that fails by the mount's
 * fault, through a private bootfs (then *mountpoint is NULL for what comes next); there once more when the disk changed under it. 0: the result
 * is in the job's memfd. -EINTR: a signal came. Else -errno with err.
 */
int attempt_all(const struct job *job, const struct watch *watch, const char **mountpoint,
	struct err *err) MUST_CHECK;

/* Appends what it brought. -EIO with err where that is nothing. */
int attempt_result(const struct job *job, struct strbuf *out, struct err *err) MUST_CHECK;
