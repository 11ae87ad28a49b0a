/* Files of a guest that the caller names, instead of leaving the choice to the guest's menu. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "inspect/answer/guest.h"

/* A file or folder, where it was found. */
struct named {
	const struct volume_info *volume;
	struct text path; /* in that volume */
	struct file_stat stat;
};

/*
 * Finds "(hd0,msdos1)/boot/grub/grub.cfg", or a path alone on `first` (NULL: no preference) or
 * else on the first volume, in the order of boot configurations, that has it. `only_files`: all
 * but regular files are passed over. False: it is on none.
 */
bool named_find(struct guest *guest, struct text place, const struct volume_info *first,
	bool only_files, struct named *ret) MUST_CHECK;

/*
 * The menu of one entry that policy.kernel and policy.ramdisk ask for. Where one of them is on no
 * volume, the inspection's error says so and where was looked. -ENOMEM.
 */
int named_find_menu(struct guest *guest, struct err *err) MUST_CHECK;
