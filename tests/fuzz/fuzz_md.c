/* md: what members say of themselves gives arrays inside them, or a reason. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/md/md.h"

#include "core/checked.h"
#include "model/limits.h"
#include "tests/support/fsfuzz.h"

#include <assert.h>

enum { MEMBERS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The disk is cut into three members of one size. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct arena arena = {.limit = MIB};
	const struct md_member *list[MEMBERS];
	struct md_member members[MEMBERS];
	_extents_ struct extents map = {0};
	struct sparse_disk disk;
	char bytes[8192];
	struct md_array array;
	struct err err = {0};
	struct blockdev dev;
	uint32_t n = 0;

	if (!sparse_disk_init(&disk, data, size))
		return 0;
	for (uint64_t i = 0, each = disk.dev.size / MEMBERS; i < MEMBERS; i++) {
		dev = blockdev_window(&disk.dev, i * each, each);
		if (md_probe(&dev, &members[n]) == 1)
			list[n] = &members[n], n++;
	}
	if (!n || md_assemble(list, n, &arena, &array, &err))
		return n && !err.code;
	dev = array.dev;
	for (uint64_t at = 0; at < dev.size && at < 64 * sizeof(bytes); at += sizeof(bytes))
		(void)!blockdev_read(&dev, at, bytes, min_size(sizeof(bytes), dev.size - at));
	if (!blockdev_map(&dev, 0, min_u64(dev.size, MIB), &map) && map.count &&
		map.at[0].kind == EXTENT_DISK)
		assert(range_inside(map.at[0].at, map.at[0].length, disk.dev.size));
	return 0;
}
