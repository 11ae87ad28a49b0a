/* The daemon's own rights: what it keeps of root's once it is mounted. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

/*
 * Gives up every capability but those that the daemon needs, for itself and for all it starts,
 * and the way to more of them (no_new_privs). Of the calling thread: before any other is started.
 */
int rights_drop(struct err *err) MUST_CHECK;
