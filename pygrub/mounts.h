/* Is bootfs mounted there? Asked of the kernel's list, never of the mount: it may hang. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"
#include "core/strbuf.h"

#include <stdbool.h>

/*
 * Does the folder (absolute or relative to ours, links allowed) name a mount point of type
 * fuse.bootfs? Then *path is that mount point's own name.
 */
bool mounts_find_bootfs(const char *folder, struct strbuf *path);

/* The same in the text of a /proc/self/mountinfo, by the mount point's exact name. */
bool mountinfo_is_bootfs(struct text mountinfo, struct text path);
