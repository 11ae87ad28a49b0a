/* Comparing file names by the versions in them, as GNU's `ls -v` and GRUB since 2.14 do. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/* Negative, 0 or positive. Endings like ".conf" count only where all else is equal. */
int filevercmp(struct text a, struct text b);
