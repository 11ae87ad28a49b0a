/* Telling systemd how we are: sd_notify's protocol. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

/*
 * Whom NOTIFY_SOCKET names, if it is set; that is then forgotten, since none of our children is
 * meant. NULL: nobody. Called once; what it returns lives as long as the process.
 */
char *service_manager(void);

/* Sends lines like "READY=1\nSTATUS=..." to that socket; NULL: to nobody. */
void service_tell(const char *manager, const char *format, ...) PRINTF_LIKE(2, 3);
