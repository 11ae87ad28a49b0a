/* The settings of bootfs.conf: their names, where they go, what they accept. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"

/* One setting; `read` fills the field at `offset` of the section's struct, or says why not. */
struct setting {
	const char *name;
	int (*read)(const struct setting *setting, struct arena *arena, void *field,
		struct text value, struct err *err);
	size_t offset;
	uint64_t min, max;    /* numbers, sizes in bytes, durations in ms */
	const char *words[2]; /* for choices: false, true; for texts: the word that means none */
};

/* Of [bootfs], in a struct config, and of [domain NAME], in a struct domain. */
extern const struct setting host_settings[], domain_settings[];
enum { HOST_SETTINGS = 25, DOMAIN_SETTINGS = 8 };

/* The place in the table, or -1. */
int setting_find(const struct setting *table, int n, struct text name);
