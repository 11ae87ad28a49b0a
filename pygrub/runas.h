/* Gives up root. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

#include <sys/types.h>

/*
 * Becomes the user for good: no other groups, no new privileges, killed when `parent` dies
 * (changing the user cleared that). -errno with err; then the process must end.
 */
int runas(uid_t uid, pid_t parent, struct err *err) MUST_CHECK;
