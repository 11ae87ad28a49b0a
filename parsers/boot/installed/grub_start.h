/* Where GRUB 2 stands when it begins: root, prefix, embedded script. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/installed/grub_core.h"
#include "parsers/boot/installed/installed.h"

/*
 * As grub_set_prefix_and_root(): `device` ("hd0", "hd0,gpt1"; empty on Xen) and `folder` are what
 * the firmware says GRUB was loaded from; the core image's prefix goes before them. -ENOMEM.
 */
int grub_start_of(struct files *files, const struct grub_core *core, struct text device,
	struct text folder, struct grub_start *ret) MUST_CHECK;
