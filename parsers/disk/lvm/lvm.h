/* LVM2's volume groups: from the metadata's text to devices. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/disk/lvm/pv.h"
#include "parsers/disk/lvm/text.h"

struct lvm_lv {
	struct text name, id;
	bool visible; /* no part of another one */
	bool suspect; /* LVM knows that it, or a disk of it, missed writes */
	bool unsure;  /* lost blocks are computed out of parity that was never complete */
	struct blockdev dev;
	struct text
		problem; /* why it cannot be read: "an LVM thin volume, which is not read"; empty: it can */
	const struct lvm_node *section;
	enum { LV_UNKNOWN, LV_WORKING, LV_DONE } state;
};

struct lvm_vg {
	struct arena *arena;
	struct text name, id;
	uint64_t extent_size; /* bytes */
	const struct lvm_node *section;
	const struct lvm_pv *pvs; /* borrowed: all that were found */
	uint32_t n_pvs;
	struct lvm_lv *lvs; /* sorted by name */
	uint32_t n_lvs;
};

/* The group that a text describes; -EINVAL where it describes none, -ENOMEM. */
int lvm_vg_read(struct text text, struct arena *arena, struct lvm_vg *ret) MUST_CHECK;

/* Has this physical volume a place in the group? */
bool lvm_vg_has(const struct lvm_vg *vg, const struct lvm_pv *pv);

/* Gives every logical volume its device or problem; vg->pvs is filled. -ENOMEM. */
int lvm_vg_map(struct lvm_vg *vg) MUST_CHECK;
