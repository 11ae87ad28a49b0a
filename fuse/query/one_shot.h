/* May a domain's one-shot entry be honoured? Records are kept in config/oneshot.h's way. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"
#include "model/inspection.h"

/*
 * Does this menu's default come from a one-shot entry that must not be honoured (again)? Then
 * *why is filled and the question is to be asked without it. `domain` empty: nobody's disk.
 */
bool one_shot_is_refused(const struct config *config, const struct inspection *inspection,
	struct text domain, struct err *why) MUST_CHECK;

/* Removes the records of domains that are gone; only where the configuration had no mistakes. */
void one_shot_tidy(const struct config *config);
