/* Headers of disk images in formats that QEMU reads: which other files would they have it open? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "core/text.h"
#include "parsers/disk/blockdev.h"

/*
 * Is the file an image of `format` (QEMU's name) that lies in this file alone, but for a backing
 * image where `backed` says that one is configured? Formats: qemu's docs/interop/qcow2.txt and
 * qed_spec.txt, block/vmdk.c, "Virtual Hard Disk Image Format Specification" (1.0), MS-VHDX. An
 * image that has a backing image without one being configured would read as zeros where it has no
 * bytes of its own, and one of another kind would have QEMU open a file that the image names.
 * -EINVAL with err, -EIO.
 */
int image_check(
	const struct blockdev *file, struct text format, bool backed, struct err *err) MUST_CHECK;

/* The format (xl's name: "qcow2", "vhd", "vmdk") that the first bytes look like; NULL: none. */
const char *image_looks_like(const struct blockdev *file);
