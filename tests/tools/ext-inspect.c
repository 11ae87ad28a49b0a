/*
 * ext-inspect: bootfs-inspect with the reader of ext alone, and only what it needs linked in. The
 * bench compares their starts: formats that a guest does not use must cost it nothing.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/fs.h"

extern const struct fs_ops ext_ops;

const struct fs_ops *const fs_table[] = {&ext_ops, NULL};
