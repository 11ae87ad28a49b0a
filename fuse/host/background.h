/* Telling whoever started us that the tree answers; going to the background. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

/* Writes the text and closes *fd, which becomes -1; -1 before: nothing. -errno. */
int ready_tell(int *fd, const char *text);

/*
 * Forks. In the child 1, with *ready_fd to be told; in the parent 0, with *ready_fd to be waited
 * on by background_wait(). -errno.
 */
int background_fork(int *ready_fd) MUST_CHECK;

/*
 * In the parent: waits for the child's word and then for the mount itself. 0, or -errno with why
 * on stderr. Takes over ready_fd.
 */
int background_wait(int ready_fd, const char *mountpoint) MUST_CHECK;

/* In the child, when all is said: leaves terminal and folder. */
void background_detach(void);
