/* bootfs-menu as a process of ours. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "pygrub/menu_talk.h"

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

struct menu_program_settings {
	int display;     /* terminal that shows it; keys come from standard input */
	int json_fd;     /* memfd with the menu.json */
	int64_t wait_ms; /* until the default boots; -1: for ever */
	uid_t uid;       /* who it runs as; 0: as we do */
};

struct menu_program {
	pid_t pid;
	int talk; /* the conversation (pygrub/menu_talk.h) */
	bool is_terminal;
	struct termios before; /* the terminal's */
};

/* Starts it; it takes the terminal over. -errno with err. */
int menu_program_start(const struct menu_program_settings *settings, struct menu_program *ret,
	struct err *err) MUST_CHECK;

/* Ends it, if it has not ended, and puts the terminal in order. */
void menu_program_stop(struct menu_program *program);
