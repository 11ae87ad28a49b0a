/* What is mounted on a path.  The kernel's list says it; the mount itself may hang. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"
#include "core/err.h"
#include "core/strbuf.h"

#include <stdbool.h>

#define MOUNT_TYPE_BOOTFS "fuse.bootfs"

struct mounted {
	uint64_t id;           /* of the mount; 0: nothing is mounted there */
	unsigned major, minor; /* of its file system */
	char type[64];         /* "fuse.bootfs" */
	uint32_t user_id;      /* a FUSE mount's owner, who answers for what it shows; else 0 */
};

/*
 * The topmost mount on an absolute path without links, out of the text of /proc/self/mountinfo
 * (proc(5)).
 */
void mountinfo_find(struct text mountinfo, struct text path, struct mounted *ret);

/* The same for this process's mount namespace now. -errno with err. */
int mounted_on(const char *path, struct mounted *ret, struct err *err) MUST_CHECK;

/*
 * Is it a bootfs to be believed: root's, or one of the caller's own?  Anybody with fusermount3 can
 * mount something of that type.
 */
bool mounted_is_bootfs(const struct mounted *mounted);

/*
 * Does `folder` (absolute or relative to ours, links allowed) name the mount point of such a
 * bootfs?  Then *path is that mount point's own name.
 */
bool mounted_bootfs(const char *folder, struct strbuf *path);
