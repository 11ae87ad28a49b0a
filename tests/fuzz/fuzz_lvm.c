/* LVM: whatever a text says, its volumes are bounded, or have a problem. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/lvm/lvm.h"

#include "core/checked.h"
#include "model/limits.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_arena_ struct arena arena = {.limit = 64 * MIB};
	struct lvm_pv pv = {.id = "00000000000000000000000000000000",
		.dev = blockdev_on_fd(-1, 0, 64 * MIB, 512)};
	struct lvm_vg vg;

	if (lvm_vg_read((struct text){(const char *)data, size}, &arena, &vg))
		return 0;
	vg.pvs = &pv;
	vg.n_pvs = lvm_vg_has(&vg, &pv);
	if (lvm_vg_map(&vg))
		return 0;
	for (uint32_t i = 0; i < vg.n_lvs; i++) {
		const struct lvm_lv *lv = &vg.lvs[i];
		_extents_ struct extents map = {0};
		uint64_t end = min_u64(lv->dev.size, MIB);

		if (!lv->visible || lv->problem.len)
			continue;
		if (!blockdev_map(&lv->dev, lv->dev.size - end, end, &map) && end)
			assert(map.at[map.count - 1].offset + map.at[map.count - 1].length == end);
	}
	return 0;
}
