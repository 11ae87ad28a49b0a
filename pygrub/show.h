/* Has bootfs-menu show the boot menu on the terminal. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "pygrub/attempt.h"
#include "pygrub/pick.h"

/* Is there a terminal for the menu, and is it wanted there? A warning where it was asked for. */
bool show_is_wanted(const struct options *options, const struct config *config);

/*
 * Reads the menu as attempt_all() reads, and shows it until somebody chose or the time is over; a
 * guest without timeout and one that wants no menu boot the default. Where the menu cannot be
 * shown, too, with a warning. -EINTR: a signal came. Else -errno with err.
 */
int show_menu(const struct job *job, const struct watch *watch, const char **mountpoint,
	struct pick *ret, struct err *err) MUST_CHECK;
