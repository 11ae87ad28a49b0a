/* The process that becomes pygrub: gives up what it does not need. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "admin/pygrub_run.h"

/*
 * In a new process with a mount namespace of its own; never returns. `folder` is a mount that is
 * attached nowhere: pygrub's output folder. Its answer goes to `out`, what it says to `said`.
 */
_Noreturn void pygrub_child(
	const struct pygrub_settings *settings, const char *disk, int folder, int out, int said);
