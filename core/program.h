/* Finds programs that belong to ours, by where they lie beside it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

#include <limits.h>
#include <stdbool.h>

/*
 * The path of a program by its name relative to the folder of the running one, whatever PATH and
 * the current folder are. False, with the path where it should be as far as that is known, where
 * nothing that can be run lies there.
 */
bool program_beside(const char *name, char path[PATH_MAX]) MUST_CHECK;

/* One that only our programs start: installed in libexec, or built beside us. False: nowhere. */
bool program_helper(const char *name, char path[PATH_MAX]) MUST_CHECK;
