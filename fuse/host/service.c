/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/service.h"

#include "core/log.h"

#include <stdarg.h>

char *service_manager(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	char *ret = path && (path[0] == '/' || path[0] == '@') ? strdup(path) : NULL;

	unsetenv("NOTIFY_SOCKET");
	return ret;
}

void service_tell(const char *manager, const char *format, ...)
{
	char state[512];
	va_list args;

	if (!manager)
		return;
	va_start(args, format);
	vsnprintf(state, sizeof(state), format, args);
	va_end(args);
	if (datagram_send(manager, text_of(state)))
		return; /* then it does not wait for us either */
}
