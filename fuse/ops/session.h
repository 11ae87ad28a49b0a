/* FUSE's requests as one of the event loop's sources. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "fuse/host/daemon.h"

/*
 * Serves the mounted /dev/fuse descriptor, which it takes over, from the loop. `answers` is
 * called once, when the first request can be answered. -errno with err.
 */
int session_start(struct daemon *daemon, int fuse_fd, void (*answers)(struct daemon *daemon),
	struct err *err) MUST_CHECK;

/*
 * Ends the connection at once, without waiting for anything: whoever waits for an answer gets an
 * error from the kernel. For the end of the process.
 */
void session_end(struct daemon *daemon);
