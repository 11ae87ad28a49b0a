/* An error and the limit of this process that it comes of. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

enum { SHORTAGE_BYTES = 160 };

/*
 * "Too many open files (the limit is 20 open files; try: ulimit -n 1024)": strerror(), and for an
 * error that a resource limit may cause, that limit and the shell's word for it. Returns `out`.
 */
const char *shortage_text(int error, char out[SHORTAGE_BYTES]);

/* Puts the same limit behind a filled error that does not name it; returns its -code. */
int shortage_explain(struct err *err);
