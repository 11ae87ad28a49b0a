/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/descriptors.h"

#include "core/kernel.h"

#include <stddef.h>
#include <sys/resource.h>

/* What getdents64() writes, one behind the other (Linux: include/linux/dirent.h). */
struct entry {
	uint64_t inode;
	int64_t next;
	uint16_t length; /* of this entry, its name and padding included */
	uint8_t type;
	char name[];
};

static void give_up(unsigned fd, bool on_exec)
{
	if (on_exec)
		(void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	else
		close((int)fd);
}

/* The number that is the entry's name; false: "." and "..". */
static bool number_of(const char *name, unsigned *ret)
{
	*ret = 0;
	for (; *name >= '0' && *name <= '9'; name++)
		*ret = *ret * 10 + (unsigned)(*name - '0');
	return *name == '\0';
}

/* False: not all were seen. */
static bool give_up_listed(int folder, unsigned first, bool on_exec)
{
	_Alignas(struct entry) char buffer[2048];
	long n;

	while ((n = syscall(SYS_getdents64, folder, buffer, sizeof(buffer))) > 0) {
		const struct entry *entry;

		for (long at = 0; at < n; at += entry->length) {
			unsigned fd;

			entry = (const void *)(buffer + at);
			if (number_of(entry->name, &fd) && fd >= first && fd != (unsigned)folder)
				give_up(fd, on_exec);
		}
	}
	return n == 0;
}

/* The limit may have been lowered after a descriptor was opened. */
static void give_up_all(unsigned first, bool on_exec)
{
	enum { AT_LEAST = 65536, AT_MOST = 1 << 20 };
	struct rlimit limit = {.rlim_max = AT_LEAST};

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < AT_LEAST)
		limit.rlim_max = AT_LEAST;
	for (unsigned fd = first; fd < limit.rlim_max && fd < AT_MOST; fd++)
		give_up(fd, on_exec);
}

static void give_up_from(unsigned first, bool on_exec)
{
	int folder;
	bool all;

	if (kernel_close_range(first, on_exec) == 0)
		return;
	folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	all = folder >= 0 && give_up_listed(folder, first, on_exec);
	if (folder >= 0)
		close(folder);
	if (!all)
		give_up_all(first, on_exec);
}

void descriptors_close_from(unsigned first)
{
	give_up_from(first, false);
}

void descriptors_close_on_exec(unsigned first)
{
	give_up_from(first, true);
}

/* A new descriptor gets the lowest free number: all below `fd` are open already. */
static int fill(int fd)
{
	const int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

	if (fcntl(fd, F_GETFD) >= 0)
		return 0;
	if (open("/dev/null", flags) == fd || open("/", O_PATH | O_DIRECTORY) == fd)
		return 0;
	return -errno;
}

int descriptors_fill_standard(void)
{
	int r = 0;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && r == 0; fd++)
		r = fill(fd);
	return r;
}
