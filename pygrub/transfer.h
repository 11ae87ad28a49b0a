/* Copies files out of the mount as fast as it can. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One file: `size` bytes from the start of one descriptor to the start of another. */
struct transfer {
	int from, to;
	uint64_t size;    /* bytes */
	const char *name; /* "kernel", for messages */
};

/*
 * Copies all of them, two pieces of 1 MiB in flight; `progress` counts pieces. Reads around the
 * page cache where the caller opened them so. -errno with err; *write_failed tells whose fault it
 * was: the copy's, or (false) the source's, which gave an error or (-EIO) less than its size.
 */
int transfer_all(const struct transfer *transfers, uint32_t n, _Atomic uint64_t *progress,
	bool *write_failed, struct err *err) MUST_CHECK;
