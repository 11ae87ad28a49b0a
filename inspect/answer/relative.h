/* Where one folder of a volume lies, seen from another. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"

/*
 * From one folder to another, both paths from the root, without links and outer slashes:
 * "../../usr/lib"; "." where they are the same. -ENOMEM.
 */
int relative_target(
	struct arena *arena, struct text from, struct text to, struct text *ret) MUST_CHECK;
