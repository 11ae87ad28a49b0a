/* Names that were looked up before: a folder is not read again for each of them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/fs/fs.h"

/* What fs->names points to. NULL there: nothing is remembered. */
struct fs_names *names_new(struct arena *arena) MUST_CHECK;

/* fs->ops->find(), or what it gave last time: a node, or -ENOENT. */
int names_find(
	struct fs *fs, const struct node *folder, struct text name, struct node *ret) MUST_CHECK;
