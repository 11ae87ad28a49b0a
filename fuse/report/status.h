/* The file .status: which bootfs this is, and what its last configuration said. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"
#include "core/strbuf.h"

struct daemon;

struct status {
	/* Readings of the configuration, counted: begun or waited for, and the last that ended. */
	uint32_t asked, done;
	bool refused;         /* the last one had mistakes: the configuration stayed as it was */
	struct strbuf faults; /* its problems, one a line */
};

/* Takes note of what a configuration said. `refused`: it is not used. */
void status_note(struct status *status, const struct config *config, bool refused);

/* Was the very same said by the last configuration? */
bool status_knows(const struct status *status, const struct config_problem *problem);

/*
 * Appends the whole text: a word and its value a line. pid, version, config (its path), domains,
 * asked, done, result (ok or refused), known (what the kernel
 * may ask for by number), then the mistakes and warnings as "mistake FILE:LINE: TEXT".
 */
void status_render(const struct daemon *daemon, struct strbuf *out);
