/* Dates as disks write them, without the C library's time zones (they open files). */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/*
 * Seconds since 1970 of a date of the Gregorian calendar, taken as UTC. Month and day count from
 * 1; values out of range are carried over as arithmetic does, so that any bytes give some time.
 */
static inline int64_t calendar_seconds(
	int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute, int32_t second)
{
	/* March is the first month, so that the leap day ends the year. */
	int64_t shifted = (int64_t)month - 3;
	int64_t y = year + (shifted - (shifted < 0 ? 11 : 0)) / 12;
	int64_t m = ((shifted % 12) + 12) % 12;
	int64_t century = (y - (y < 0 ? 399 : 0)) / 400;
	int64_t in_century = y - century * 400;
	int64_t days = century * 146097 + in_century * 365 + in_century / 4 - in_century / 100 +
		       (153 * m + 2) / 5 + day - 1 - 719468;

	return ((days * 24 + hour) * 60 + minute) * 60 + second;
}
