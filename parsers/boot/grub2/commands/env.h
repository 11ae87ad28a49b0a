/* GRUB's environment block: the file grubenv. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"

/* `name` and `value` (escapes taken out) die when it returns; non-zero stops. */
typedef int grub_env_visit(void *context, struct text name, struct text value);

/*
 * Format: grub-core/lib/envblk.c of GRUB. The first line is "# GRUB Environment Block", then
 * NAME=VALUE lines in which a backslash escapes the next byte, a newline too; lines beginning
 * with # are padding. A last line without its newline does not count. -EINVAL: no such block;
 * -ENOMEM; else what the visitor returned.
 */
int grub_env_read(
	struct arena *arena, struct text block, grub_env_visit *visit, void *context) MUST_CHECK;
