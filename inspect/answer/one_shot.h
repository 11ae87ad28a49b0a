/* Tells the environment block that a one-shot entry stands in from any other. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "inspect/answer/guest.h"

/*
 * Where the menu has a one-shot entry: fills one_shot_key (file system, inode, times and content
 * of the block) and one_shot_mtime_s. A block that cannot be found again leaves the key empty.
 * -ENOMEM.
 */
int one_shot_identify(struct guest *guest, struct bootmenu *menu) MUST_CHECK;
