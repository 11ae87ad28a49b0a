/* One run of bootfs-menu. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

struct console_settings {
	int64_t wait_ms; /* until the default boots; -1: never */
	uid_t uid;       /* to be: 0 stays what we are */
};

/*
 * Shows the menu on standard input and output and talks to bootfs-pygrub about it
 * (pygrub/menu_talk.h). The program's exit status.
 */
int console_run(const struct console_settings *settings);
