/* What every program of ours does first, and where the others lie. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

#include <limits.h>
#include <stdbool.h>

/*
 * For the first line of main(): whoever started us may have closed the standard descriptors,
 * ignored SIGCHLD (then children vanish unseen) or blocked signals (then we do not end). Ends the
 * program, with a word, where it was given no argv[0] (Linux before 5.18 lets that pass).
 */
void program_begin(const char *name, int argc);

/*
 * For programs that ask inspectors, and write no files. No file size limit: what we exchange with
 * children in memory counts as files; where it stays SIGXFSZ is an error of the write. As many
 * open files as a question may need, up to the hard limit.
 */
void program_lift_limits(void);

/*
 * The path of a program by its name relative to the folder of the running one, whatever PATH and
 * the current folder are. False, with the path where it should be as far as that is known, where
 * nothing that can be run lies there.
 */
bool program_beside(const char *name, char path[PATH_MAX]) MUST_CHECK;

/* One that only our programs start: installed in libexec, or built beside us. False: nowhere. */
bool program_helper(const char *name, char path[PATH_MAX]) MUST_CHECK;
