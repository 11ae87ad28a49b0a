/* What a kernel's header tells an administrator. Nothing is ever decompressed. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/files.h"

/*
 * Looks at the kernel (a file, or the part of it that is the kernel) and fills *ret, its texts
 * in `arena`. Reads bzImage (Linux's Documentation/arch/x86/boot.rst), ELF with Xen's notes, PE,
 * arm64 Image and EFI zboot headers.
 *
 * Whether it can run as a Xen PV or PVH guest stands in its ELF notes. In most bzImages these are
 * inside the compressed part. Then the kernel's configuration decides where the guest has it
 * (config-VERSION beside the kernel, in /boot, or /lib/modules/VERSION/config): CONFIG_XEN_PV and
 * CONFIG_XEN_PVH. Otherwise both stay XEN_UNKNOWN.
 *
 * What is not known stays empty. -ENODEV: no such volume; the errors of struct files_ops.
 */
int kernel_info_read(struct files *files, const struct boot_file *kernel, struct arena *arena,
	struct kernel_info *ret) MUST_CHECK;
