/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/program.h"

#include <string.h>

bool program_beside(const char *name, char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (n < 0)
		n = 0;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + 1 - path) + strlen(name) >= PATH_MAX)
		return false;
	memcpy(slash + 1, name, strlen(name) + 1);
	return access(path, X_OK) == 0;
}

bool program_helper(const char *name, char path[PATH_MAX])
{
	char relative[NAME_MAX];

	snprintf(relative, sizeof(relative), "../libexec/bootfs/%s", name);
	return program_beside(relative, path) || program_beside(name, path);
}
