/* bootfs's commands (bootfs list and the like): a program of their own, not in the daemon. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/* Is this the name of a command, not of a mount point? */
bool is_command(const char *word);

/* Becomes bootfs-admin, with the same words; returns an exit status only where that fails. */
int command_run(char **argv);
