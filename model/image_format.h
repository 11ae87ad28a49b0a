/* Formats of disk images: their names in configurations, and QEMU's. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/* Where the program is that reads all but raw, unless an administrator says otherwise. */
#define QEMU_NBD "/usr/bin/qemu-nbd"

/* "raw", "qcow2", "vhd", "vhdx", "vmdk"...: QEMU's name ("vpc" for vhd); NULL: not read. */
const char *image_format_find(struct text name);

/* For messages: all names, with commas between. */
const char *image_format_names(void);
