/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk/fs.h"

const struct fs_ops *const fs_table[] = {
	NULL,
};
