/* RPM's comparison of version numbers, as Fedora's GRUB has it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/*
 * Below 0, 0, above 0: `a` is older, the same, newer. Digits compare as numbers, letters as
 * letters, numbers are newer than letters; ~ is older than the end, + newer than the end but
 * older than everything else; other characters only separate.
 */
int grub_rpm_compare(struct text a, struct text b);

/*
 * Two names of packages or entries, cut at their last two dashes into name, version and release,
 * which are compared in this order.
 */
int grub_rpm_compare_names(struct text a, struct text b);
