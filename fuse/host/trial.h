/* Trying, before it is relied on, whether guests can be read as the configuration says. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ask/ask.h"
#include "config/config.h"

#include <limits.h>

/* All that a trial depends on. A value; all zero: nothing was tried. */
struct trial_subject {
	uid_t uid;
	gid_t gid;
	uint64_t memory;
	uint32_t timeout_ms;
	bool images; /* some domain has a disk that is not raw */
	bool remote; /* or one that an NBD server has */
	char qemu_nbd[PATH_MAX];
};

struct trial_result {
	uint32_t gaps;     /* enum sandbox_gap */
	struct err guests; /* code 0: guests can be read; else none can */
	struct err images; /* code 0: the same of images and remote disks, or there are none */
};

/* `settings`: with the user that the configuration names. */
void trial_subject_fill(const struct ask_settings *settings, const struct config *config,
	struct trial_subject *ret);

bool trial_subject_equal(const struct trial_subject *a, const struct trial_subject *b);

/* Waits for the inspectors: milliseconds, or as long as inspect-timeout. */
void trial_of_host(const struct ask_settings *settings, const struct trial_subject *subject,
	struct trial_result *ret);
