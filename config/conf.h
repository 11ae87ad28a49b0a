/* bootfs.conf as text: sections and settings, before anything on the host is looked at. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"
#include "config/index.h"
#include "config/settings.h"

/* A `disk =` line, still as written. */
struct conf_disk {
	struct conf_disk *next;
	struct text spec;
	uint32_t line;
};

/* A [domain NAME] section. */
struct conf_domain {
	struct conf_domain *next;
	struct domain *domain;
	struct conf_disk *disks;       /* in order */
	uint32_t n_disks, line;        /* of the section's head */
	uint32_t set[DOMAIN_SETTINGS]; /* line of each setting; 0: not given */
};

struct conf {
	struct conf_domain *domains, *last;
	struct index names; /* of the domains; the values are struct conf_domain */
	uint32_t set[HOST_SETTINGS];
};

/*
 * Reads the text of a bootfs.conf into a config that holds the defaults; mistakes become
 * problems. *ret lives in the config's arena. -ENOMEM.
 *
 * The file is INI as inih reads it, but for these: a line that begins with a blank continues
 * nothing; a `;` behind a blank begins a comment, a `#` only at the start of a line; a section
 * head has the line for itself.
 */
int conf_parse(struct config *config, struct text text, struct conf *ret) MUST_CHECK;
