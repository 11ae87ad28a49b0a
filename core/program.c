/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/program.h"

#include "core/descriptors.h"
#include "core/kernel.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

void program_begin(const char *name, int argc)
{
	enum { CANNOT_START = 126 };
	sigset_t none;

	if (descriptors_fill_standard() < 0)
		_exit(CANNOT_START);
	if (argc < 1) {
		fprintf(stderr, "%s: started without arguments; the first is its name\n", name);
		_exit(CANNOT_START);
	}
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Up to `wanted`, or the hard limit where that is lower and stays. */
static void lift(int resource, rlim_t wanted)
{
	struct rlimit limit;

	if (kernel_limit(resource, NULL, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	if (kernel_limit(resource, &limit, NULL) == 0 || kernel_limit(resource, NULL, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)kernel_limit(resource, &limit, NULL);
}

void program_lift_limits(void)
{
	enum { OPEN_FILES = 1024 };

	signal(SIGXFSZ, SIG_IGN);
	lift(RLIMIT_FSIZE, RLIM_INFINITY);
	lift(RLIMIT_NOFILE, OPEN_FILES);
}

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
