/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/fs.h"

extern const struct fs_ops ext_ops, xfs_ops, btrfs_ops, fat_ops, iso_ops, squash_ops, erofs_ops;

const struct fs_ops *const fs_table[] = {
	&ext_ops,
	&xfs_ops,
	&btrfs_ops,
	&fat_ops,
	&iso_ops,
	&squash_ops,
	&erofs_ops,
	NULL,
};
