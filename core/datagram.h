/* One message to a local socket: syslog, the journal, the service manager. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"
#include "core/text.h"

/*
 * Sends one datagram to the socket at `path` ('@' in front: an abstract name). Never waits: whom
 * we tell something must not be able to stop us. -errno.
 */
int datagram_send(const char *path, struct text message) MUST_CHECK;
