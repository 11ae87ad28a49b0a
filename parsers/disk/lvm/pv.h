/* LVM2's physical volumes: the label and the metadata's text. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "parsers/disk/blockdev.h"

enum { LVM_ID = 32 }; /* bytes of an id without its dashes */

struct lvm_pv {
	char id[LVM_ID];
	struct blockdev dev;
	struct text volume; /* the name of the volume it is */
	struct text
		text; /* the committed metadata; empty where this one has no copy, or no right one */
	bool damaged; /* a copy was there, but not right */
};

/*
 * Reads the label in one of the first four sectors, and the metadata areas behind it (lvm2:
 * lib/format_text/layout.h). The text lives in the arena. 1 yes, 0 no physical volume, -ENOMEM,
 * -EIO.
 */
int lvm_pv_read(const struct blockdev *dev, struct arena *arena, struct lvm_pv *ret) MUST_CHECK;

/* Is `text`, with dashes, this id? */
bool lvm_id_equal(const char id[LVM_ID], struct text text);
