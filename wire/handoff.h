/* A connected socket on its way from bootfs-serve to the inspector, over a socket pair. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

/* Sends `socket`, which stays the caller's, through `pair`. -errno. */
int handoff_give(int pair, int socket) MUST_CHECK;

/* Waits for it. The descriptor, or -EIO with err where the other end is closed without it. */
int handoff_take(int pair, struct err *err) MUST_CHECK;
