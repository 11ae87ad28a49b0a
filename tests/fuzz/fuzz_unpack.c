/* unpack: every compression writes inside its room, and the same bytes every time. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/unpack.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* First the kind, then the room in units of 256 bytes; a block of its own is seen to overflow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_free_ uint8_t *first = NULL, *second = NULL;
	size_t room;
	ssize_t got;

	if (size < 2 || data[0] > PACKED_ZSTD)
		return 0;
	room = (size_t)data[1] * 256 + 1;
	first = malloc(room);
	second = malloc(room);
	if (!first || !second)
		return 0;
	got = unpack(data[0], data + 2, size - 2, first, room);
	assert(got <= (ssize_t)room);
	assert(unpack(data[0], data + 2, size - 2, second, room) == got);
	assert(got < 0 || memcmp(first, second, (size_t)got) == 0);
	if (!unpack_start(data[0], data + 2, size - 2, first, room) &&
		!unpack_start(data[0], data + 2, size - 2, second, room / 2))
		assert(memcmp(first, second, room / 2) == 0);
	return 0;
}
