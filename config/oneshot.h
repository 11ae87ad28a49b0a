/* Which one-shot entries were booted already: GRUB clears them on the guest's disk, we may not. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "core/text.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * May the domain's one-shot entry (GRUB's next_entry) be honoured? `key` names the very
 * environment block it stands in (file system, inode, times, content), `mtime_s` is when that was
 * written. False, with the reason in err, where it was booted before, where it is older than our
 * records (at the switch from another boot loader a forgotten one must not fire), and where no
 * record could be written. `folder` is made when it is missing, mode 0700.
 */
bool oneshot_fresh(const char *folder, struct text domain, struct text key, int64_t mtime_s,
	struct err *err) MUST_CHECK;

/* Records that it was booted; replaces the domain's older record. -errno. */
int oneshot_record(
	const char *folder, struct text domain, struct text key, struct err *err) MUST_CHECK;

/* Removes the records of all domains that `known` does not know. */
void oneshot_tidy(
	const char *folder, bool (*known)(void *context, struct text domain), void *context);
