/* Tables: whatever a disk claims, its volumes lie inside it and have names of their own. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/disk/volumes.h"
#include "tests/support/fsfuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct arena arena = {.limit = 64 * MIB};
	struct volume *order[MAX_VOLUMES];
	static struct volumes volumes;
	struct sparse_disk sparse;
	struct report report;
	struct disk disk;

	if (!sparse_disk_init(&sparse, data, size))
		return 0;
	report_init(&report, &arena);
	disk = (struct disk){.dev = sparse.dev};
	if (volumes_scan(&volumes, &arena, &report, &disk, 1, NULL))
		return 0;
	volumes_boot_order(&volumes, order);
	for (uint32_t i = 0; i < volumes.count; i++) {
		const struct volume *volume = volumes.at[i];

		assert(range_inside(volume->dev.start, volume->dev.size, sparse.dev.size));
		assert(volumes_find(&volumes, volume->name) == volume);
		assert(order[i]);
	}
	volumes_done(&volumes);
	return 0;
}
