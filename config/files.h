/* Which files the patterns of a setting name. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"

struct found_files {
	struct text *paths; /* each with a NUL behind it */
	uint32_t n;
};

/*
 * The files that match the patterns, each pattern's in sorted order, no file twice (links as in
 * /etc/xen/auto). A folder that cannot be read is a problem. Lives in the config's arena. -ENOMEM.
 */
int files_find(
	struct config *config, const struct patterns *patterns, struct found_files *ret) MUST_CHECK;
