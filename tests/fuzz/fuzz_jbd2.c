/* jbd2: a journal laid over its volume reads everywhere, and tells where it does not lie plainly. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/ext/jbd2.h"

#include "core/checked.h"
#include "model/limits.h"
#include "tests/support/fsfuzz.h"

#include <assert.h>

enum { BLOCK = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The log lies at the start of the volume, which is as large as the bytes say. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct arena arena = {.limit = 16 * MIB};
	_extents_ struct extents log = {0}, map = {0};
	struct sparse_disk disk;
	struct err err = {0};
	struct jbd2_source source;
	struct jbd2 journal;
	char block[BLOCK];

	if (!sparse_disk_init(&disk, data, size) || disk.dev.size < BLOCK)
		return 0;
	if (extents_add(&log, EXTENT_DISK, 0, 0, min_u64(disk.dev.size, MIB) / BLOCK * BLOCK))
		return 0;
	source = (struct jbd2_source){&disk.dev, &disk.dev, &log, 0, BLOCK};
	if (jbd2_read(&source, &arena, &journal, &err)) {
		assert(err.code);
		return 0;
	}
	assert(!journal.blocks || journal.transactions);
	assert(journal.blocks <= log.at[0].length / BLOCK);
	if (!journal.blocks)
		return 0;
	for (uint64_t at = 0; at < 256 * BLOCK && at + BLOCK <= disk.dev.size; at += BLOCK)
		assert(blockdev_read(&journal.dev, at, block, BLOCK) == 0);
	assert(blockdev_map(&journal.dev, 0, disk.dev.size / 2, &map) == 0);
	return 0;
}
