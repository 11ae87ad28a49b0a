/* One guest: what pygrub would boot beside what bootfs would. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "admin/guests.h"
#include "admin/pygrub_run.h"

enum verdict {
	VERDICT_SAME,
	VERDICT_ALIKE,     /* the same for a kernel: blanks and quotes of the command line */
	VERDICT_DIFFERENT, /* both boot, but not the same */
	VERDICT_BOOTFS,    /* pygrub finds nothing */
	VERDICT_PYGRUB,    /* bootfs finds nothing: what somebody who moves must look at */
	VERDICT_NEITHER,
	VERDICT_SKIPPED, /* xl does not ask a boot loader for this domain */
	VERDICT_TROUBLE,
};
enum { VERDICTS = VERDICT_TROUBLE + 1 };

struct comparison {
	enum verdict verdict;
	struct strbuf why; /* lines for people, escaped */
};

/* Runs pygrub on the first disk of a loaded guest. */
void compare_guest(
	const struct guest *guest, const struct pygrub_settings *settings, struct comparison *ret);
