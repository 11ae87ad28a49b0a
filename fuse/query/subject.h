/* What a query is about: which disks, inspected with which settings. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/query/folder.h"

/* The disks of the first step, none open yet. NULL: out of memory. */
struct disks *subject_first_disks(struct folder *folder) MUST_CHECK;

/*
 * Below .disk, when it is known whose disk it is: all disks of that domain, the open one taken over
 * from `query.disks` as the first. `same`: it is known to be that domain's first. NULL: out of
 * memory.
 */
struct disks *subject_domain_disks(
	struct folder *folder, const struct domain *domain, bool same) MUST_CHECK;
