/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/witness.h"

#include "parsers/fs/crc32c.h"

#include <assert.h>

enum { MAX_LENGTH = 4096 };

static int read_crc(const struct witness *witness, uint32_t *ret)
{
	uint8_t bytes[MAX_LENGTH];
	int r = blockdev_read(&witness->dev, witness->offset, bytes, witness->length);

	if (!r)
		*ret = crc32c_end(crc32c_add(CRC32C_START, bytes, witness->length));
	return r;
}

int witness_take(
	struct witness *witness, const struct blockdev *dev, uint64_t offset, uint32_t length)
{
	assert(length <= MAX_LENGTH);
	*witness = (struct witness){.dev = *dev, .offset = offset, .length = length};
	return read_crc(witness, &witness->crc);
}

int witness_changed(const struct witness *witness)
{
	uint32_t crc = 0;
	int r = witness->length ? read_crc(witness, &crc) : 0;

	return r ? r : witness->length && crc != witness->crc;
}
