/* What is mounted on a path, as the kernel tells it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"
#include "core/err.h"
#include "core/text.h"

struct mounted {
	uint64_t id;           /* of the mount; 0: nothing is mounted there */
	unsigned major, minor; /* of its file system */
	char type[64];         /* "fuse.bootfs" */
};

/*
 * The topmost mount on an absolute path without links, out of the text of /proc/self/mountinfo
 * (proc(5)).
 */
void mountinfo_find(struct text mountinfo, struct text path, struct mounted *ret);

/* The same for this process's mount namespace now. -errno with err. */
int mounted_on(const char *path, struct mounted *ret, struct err *err) MUST_CHECK;
