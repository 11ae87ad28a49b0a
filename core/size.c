/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/size.h"

#include <inttypes.h>
#include <stdio.h>

struct size_text size_text(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	struct size_text text;
	unsigned unit = 0;

	if (bytes < 1024) {
		snprintf(text.at, sizeof(text.at), "%u B", (unsigned)bytes);
		return text;
	}
	for (; bytes >> 20; unit++)
		bytes >>= 10;
	snprintf(text.at, sizeof(text.at), "%u.%u %s", (unsigned)(bytes >> 10),
		(unsigned)((bytes & 1023) * 10 / 1024), units[unit]);
	return text;
}
