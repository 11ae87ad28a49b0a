/* The one clock: monotonic, so that setting the time of day moves no deadline. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/*
 * Microseconds and milliseconds since an unknown start.  A test program that defines its own
 * now_us() has that one linked in place of ours, and lets time pass as it likes.
 */
int64_t now_us(void);

static inline int64_t now_ms(void)
{
	return now_us() / 1000;
}
