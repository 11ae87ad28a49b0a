/* What is known of the terminal's type. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/* Is the type of $TERM known, and one whose cursor can be moved? */
bool terminfo_moves_cursor(int fd);
