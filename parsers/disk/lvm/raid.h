/* dm-raid under LVM: its types, and which images of a volume are up to date. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"
#include "parsers/disk/mapped.h"

/* How a type of LVM lays bytes out; level 1 and 10 have copies, 5 and 6 parity. */
struct lvm_raid_type {
	const char *name; /* "raid5_ls" */
	uint32_t level;
	uint32_t layout; /* level 5 and 6: enum parity_layout */
};

/* NULL: no such type. */
const struct lvm_raid_type *lvm_raid_find(struct text name);

/* What dm-raid notes on the metadata image beside each image. */
struct lvm_raid_note {
	bool there;
	uint32_t position;   /* of its image, from 0 */
	uint64_t events;     /* how new it is */
	uint64_t failed[4];  /* bits: images that this one saw fail */
	bool filling, dirty; /* its image is not complete; the images were never made equal */
	bool reshaping;
};

/* Reads the note at the start of a metadata image; one that cannot be read is not there. */
struct lvm_raid_note lvm_raid_read(const struct blockdev *dev);

/* What the notes of all images say together. */
struct lvm_raid_state {
	bool dirty;     /* parity may be wrong */
	bool reshaping; /* the form is being changed: nothing can be read */
};

/*
 * Marks the legs that are out of date as absent: those that the newest note knows as failed, that
 * are older, that are being filled, or that have no note while others have one. Without any note
 * the volume was never in use, and all are equal.
 */
struct lvm_raid_state lvm_raid_judge(
	const struct lvm_raid_note *notes, struct mapped_leg *legs, uint32_t n);
