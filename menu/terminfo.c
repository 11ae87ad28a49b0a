/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu/terminfo.h"

/* Apart from the rest: term.h takes many everyday words for its macros. */
#include <curses.h>
#include <term.h>

bool terminfo_moves_cursor(int fd)
{
	const char *sequence;
	int known;

	if (setupterm(NULL, fd, &known) != OK)
		return false;
	sequence = tigetstr("cup");
	/* (char *)-1: no such capability's name. */
	return sequence && sequence != (const char *)-1;
}
