/* An error with the reason a person reads. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

/*
 * Filled once, where the error happened. `text` is one line without a final newline; what it
 * quotes of a guest is raw bytes, escaped only by whoever shows it (core/escape.h).
 */
struct err {
	int code; /* a positive errno; 0: no error yet */
	char text[400];
};

/* Fills `err` (may be NULL; an err already filled is kept) and returns -code. */
int err_set(struct err *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts text in front of a filled error, as "FORMAT: old text", and returns its -code. */
int err_prefix(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);
