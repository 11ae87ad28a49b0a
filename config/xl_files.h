/* Which xl files there are. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"

struct xl_files {
	struct text *paths; /* each with a NUL behind it */
	uint32_t n;
};

/*
 * The files that match the config's globs, each pattern's in sorted order, no file twice (links
 * as in /etc/xen/auto). A folder that cannot be read is a problem. Lives in the config's arena.
 * -ENOMEM.
 */
int xl_files_find(struct config *config, struct xl_files *ret) MUST_CHECK;
