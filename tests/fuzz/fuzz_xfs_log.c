/* XFS' log: whatever stands in the ring, it is replayed over the volume or refused with a reason. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/recover.h"
#include "tests/support/fsfuzz.h"

#include <assert.h>

enum { BLOCK = 4096, RING = 256 << 10, VOLUME = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The ring is the disk's start, the volume what lies behind it; no checksum is in the way. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct arena arena = {.limit = 64 << 20};
	struct xfs_log log _xfs_log_ = {.blocks = RING / XFS_LOG_BLOCK};
	struct xfs_recovery recovery = {0};
	struct sparse_disk disk;
	struct blockdev volume;
	struct err err = {0};
	char block[BLOCK];
	int r;

	if (!sparse_disk_init(&disk, data, size) || disk.dev.size < RING + VOLUME)
		return 0;
	log.dev = blockdev_window(&disk.dev, 0, RING);
	volume = blockdev_window(&disk.dev, RING, VOLUME);
	r = xfs_log_find_ends(&log, &err);
	if (r == 1)
		r = xfs_recover(&log,
			&(struct xfs_recovery_source){.dev = &volume,
				.block_size = BLOCK,
				.inode_size = 512,
				.ag_blocks = VOLUME / BLOCK,
				.ag_count = 1,
				.v5 = data[0] & 1, /* the size's lowest bit */
				.arena = &arena},
			&recovery, &err);
	assert(r >= 0 || err.code == -r);
	assert(r < 0 || log.head < log.blocks);
	if (r)
		return 0;
	volume = overlay_blockdev(&recovery.overlay);
	for (uint32_t i = 0; i < recovery.overlay.count; i++)
		assert(!blockdev_read(
			&volume, recovery.overlay.blocks[i].number * BLOCK, block, BLOCK));
	return 0;
}
