/* What lies on a volume: its type, UUID and label, by libblkid where it can look. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "parsers/disk/blockdev.h"

struct identity {
	struct text type; /* libblkid's name: "ext4", "swap", "LVM2_member"; empty: nothing known */
	struct text uuid, label;
	bool ambivalent; /* signatures of several kinds: `type` is empty */
};

/*
 * libblkid reads descriptors only: volumes that are one window of one descriptor are its. The
 * others, and what it does not know, are recognised by signatures of our own. -ENOMEM, -EIO.
 */
int identify(const struct blockdev *dev, struct arena *arena, struct identity *ret) MUST_CHECK;
