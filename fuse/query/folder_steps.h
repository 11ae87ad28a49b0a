/* How a folder's question goes from step to step; for the files of fuse/folder*.c only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/query/folder.h"

/* The first step: disks to be opened, none open yet. NULL: out of memory. */
struct disks *folder_first_disks(struct folder *folder) MUST_CHECK;

/* Shows it, and nothing else any more. Takes over the reference. */
void folder_set_snapshot(struct folder *folder, struct snapshot *snapshot);

/*
 * May a folder of a volume be another one by now? Whoever looks into a domain's volumes anew sees
 * them anew. Below .disk all belongs to one look: as long as no image file says otherwise.
 */
bool folder_has_other_volumes(const struct folder *folder);

/* A worker has opened them, as far as they can be; takes them over. */
void folder_opened(struct folder *folder, struct disks *disks);

/*
 * Below .disk, when it is known whose disk it is (NULL: nobody's): all disks of that domain, the
 * open one taken over as the first; or folder->disks itself. `same`: it is known to be that domain's
 * first. NULL: out of memory.
 */
struct disks *folder_domain_disks(
	struct folder *folder, const struct domain *domain, bool same) MUST_CHECK;

/* Logs why its domain cannot boot, or that it can again (empty), where that is news. */
void folder_tell(struct folder *folder, struct text error);
