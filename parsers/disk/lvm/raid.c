/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/lvm/raid.h"

#include "core/bytes.h"
#include "parsers/disk/parity.h"

#include <stddef.h>
#include <string.h>

/*
 * dm-raid's superblock, the first sector of a metadata image (drivers/md/dm-raid.c). Sectors of
 * 512 bytes; all ones for "complete".
 *
 *   0   "DmRd"             4   features that old readers may ignore
 *   8   number of images   12  position of this one
 *   16  events             24  failed images, 64 bits
 *   32  sectors of this image that are filled
 *   40  sectors of all images that were made equal
 *   48  level              52  layout              56  sectors of a chunk
 *   60  flags of a reshape, and behind them what the extension 1.9.0 added
 *   120 failed images, the bits from 64 on
 */
struct note {
	char magic[4];
	struct le32 features, n_images, position;
	struct le64 events, failed, filled, equal;
	struct le32 level, layout, chunk, flags;
	struct le64 reshaped;
	struct le32 new_level, new_layout, new_chunk, delta;
	struct le64 array_size, data, new_data, size, more_failed[3];
} __attribute__((packed));
_Static_assert(offsetof(struct note, more_failed) == 120, "dm-raid's");

enum { FEATURE_1_9_0 = 1, FLAG_RESHAPING = 1 };

static const struct lvm_raid_type types[] = {
	{"raid0", 0, 0},
	{"raid0_meta", 0, 0},
	{"raid1", 1, 0},
	{"raid10", 10, 0},
	{"raid10_near", 10, 0},
	{"raid4", 5, PARITY_FIRST},
	{"raid5", 5, PARITY_LEFT_SYMMETRIC},
	{"raid5_n", 5, PARITY_LAST},
	{"raid5_la", 5, PARITY_LEFT_ASYMMETRIC},
	{"raid5_ls", 5, PARITY_LEFT_SYMMETRIC},
	{"raid5_ra", 5, PARITY_RIGHT_ASYMMETRIC},
	{"raid5_rs", 5, PARITY_RIGHT_SYMMETRIC},
	{"raid6", 6, PARITY_ZERO_RESTART},
	{"raid6_zr", 6, PARITY_ZERO_RESTART},
	{"raid6_nr", 6, PARITY_N_RESTART},
	{"raid6_nc", 6, PARITY_N_CONTINUE},
	{"raid6_n_6", 6, PARITY_LAST},
	{"raid6_la_6", 6, PARITY_LEFT_ASYMMETRIC_6},
	{"raid6_ls_6", 6, PARITY_LEFT_SYMMETRIC_6},
	{"raid6_ra_6", 6, PARITY_RIGHT_ASYMMETRIC_6},
	{"raid6_rs_6", 6, PARITY_RIGHT_SYMMETRIC_6},
	{"raid6_0_6", 6, PARITY_FIRST_6},
};

const struct lvm_raid_type *lvm_raid_find(struct text name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
		if (text_is(name, types[i].name))
			return &types[i];
	}
	return NULL;
}

struct lvm_raid_note lvm_raid_read(const struct blockdev *dev)
{
	struct lvm_raid_note ret = {0};
	struct note note;

	if (blockdev_read(dev, 0, &note, sizeof(note)) ||
		memcmp(note.magic, "DmRd", sizeof(note.magic)) != 0)
		return ret;
	ret.there = true;
	ret.position = le32_get(note.position);
	ret.events = le64_get(note.events);
	ret.failed[0] = le64_get(note.failed);
	ret.filling = le64_get(note.filled) != UINT64_MAX;
	ret.dirty = le64_get(note.equal) != UINT64_MAX;
	if (!(le32_get(note.features) & FEATURE_1_9_0))
		return ret;
	ret.reshaping = le32_get(note.flags) & FLAG_RESHAPING;
	for (unsigned i = 0; i < ARRAY_SIZE(note.more_failed); i++)
		ret.failed[i + 1] = le64_get(note.more_failed[i]);
	return ret;
}

static bool saw_fail(const struct lvm_raid_note *note, uint32_t image)
{
	return image < 64 * ARRAY_SIZE(note->failed) && note->failed[image / 64] >> image % 64 & 1;
}

struct lvm_raid_state lvm_raid_judge(
	const struct lvm_raid_note *notes, struct mapped_leg *legs, uint32_t n)
{
	const struct lvm_raid_note *newest = NULL;

	for (uint32_t i = 0; i < n; i++) {
		if (notes[i].there && !notes[i].filling &&
			(!newest || notes[i].events > newest->events))
			newest = &notes[i];
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct lvm_raid_note *note = &notes[i];

		/* A crash between two notes leaves counts that differ by one. */
		if ((newest && (!note->there || note->position != i || saw_fail(newest, i) ||
				       note->events + 1 < newest->events)) ||
			note->filling)
			legs[i].absent = true;
	}
	return (struct lvm_raid_state){
		.dirty = newest && newest->dirty,
		.reshaping = newest && newest->reshaping,
	};
}
