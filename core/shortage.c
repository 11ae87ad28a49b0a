/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/shortage.h"
#include "core/kernel.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#define LIMIT_MARK " (the limit is "

/* What stands behind the error; nothing where no limit is set that could cause it. */
static void print_limit(int error, char *out, size_t size)
{
	static const struct {
		int error;
		int resource;
		const char *what, *shell;
	} limits[] = {
		{EMFILE, RLIMIT_NOFILE, "open files", "ulimit -n 1024"},
		{EFBIG, RLIMIT_FSIZE, "bytes a file", "ulimit -f unlimited"},
		{EAGAIN, RLIMIT_NPROC, "processes", "ulimit -u unlimited"},
		{ENOMEM, RLIMIT_AS, "bytes of memory", "ulimit -v unlimited"},
	};

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit limit;

		if (limits[i].error == error &&
			kernel_limit(limits[i].resource, NULL, &limit) == 0 &&
			limit.rlim_cur != RLIM_INFINITY)
			snprintf(out, size, LIMIT_MARK "%llu %s; try: %s)",
				(unsigned long long)limit.rlim_cur, limits[i].what,
				limits[i].shell);
	}
}

const char *shortage_text(int error, char out[SHORTAGE_BYTES])
{
	char limit[SHORTAGE_BYTES / 2];

	print_limit(error, limit, sizeof(limit));
	snprintf(out, SHORTAGE_BYTES, "%.70s%s", strerror(error), limit);
	return out;
}

int shortage_explain(struct err *err)
{
	const struct err before = *err;
	char limit[SHORTAGE_BYTES / 2];

	print_limit(err->code, limit, sizeof(limit));
	if (!limit[0] || strstr(before.text, LIMIT_MARK))
		return -err->code;
	*err = (struct err){0};
	return err_set(err, before.code, "%.*s%s", (int)(sizeof(before.text) - sizeof(limit) - 1),
		before.text, limit);
}
