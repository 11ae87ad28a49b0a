/* The mount point: taken in a fit state, left as it was found. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/mountinfo.h"

#include <limits.h>

struct mount {
	char path[PATH_MAX]; /* absolute, without links */
	const char *source;  /* in the table of mounts; NULL: "bootfs" */
	bool made;           /* the folder is ours, to be removed */
	int fuse_fd;         /* /dev/fuse, mounted */
	struct mounted here; /* what we mounted */
};

/*
 * Takes away what killed bootfs daemons left there (mountinfo says fuse.bootfs and it no longer
 * answers; as often as it is stacked), makes the folder if only its last component is missing,
 * and mounts. A living bootfs, anything else mounted, and a folder with something in it are
 * refused. -errno with err.
 */
int mount_start(struct mount *mount, const char *path, struct err *err) MUST_CHECK;

/* Unmounts at once, whoever still reads, if it is our mount; removes a folder that we made. */
void mount_end(struct mount *mount);

/*
 * Does the file system at `path` answer? 0, -errno as it says, or -ETIMEDOUT. Asks in a child,
 * which may hang.
 */
int mount_probe(const char *path, int timeout_ms) MUST_CHECK;
