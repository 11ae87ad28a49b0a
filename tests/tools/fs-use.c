/*
 * fs-use [--damage=COUNT] IMAGE...: opens a file system with every reader that knows it and looks
 * at everything a bounded walk finds; with --damage once for each seed, and tells how many
 * files it saw. Ends with 0, or aborts where answers contradict, or after 20 seconds with one;
 * says in the end what the costliest seed cost.
 * Images after the first are the other volumes of the same guest.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/limits.h"
#include "tests/support/fsfuzz.h"
#include "tests/support/trial.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { HANGS_S = 20 };

static uint32_t use(const struct blockdev *devs, size_t n)
{
	const struct fs_ops *const *ops;
	uint32_t found = 0;

	for (ops = fs_table; *ops; ops++) {
		if ((*ops)->probe(&devs[0]) == 1)
			found += fsfuzz_use(*ops, &devs[0], devs + 1, n - 1);
	}
	return found;
}

/* Only the first disk is damaged: where there is a mirror, it can serve. */
static void use_damaged(struct blockdev *devs, size_t n, uint64_t count)
{
	const struct blockdev whole = devs[0];
	struct trials trials = {0};
	struct damaged_disk damaged;
	uint64_t seed;

	for (seed = 0; seed < count; seed++) {
		printf("seed %llu:", (unsigned long long)seed);
		fflush(stdout);
		damaged_disk_init(&damaged, &whole, seed);
		devs[0] = damaged.dev;
		trial_begin(&trials, HANGS_S);
		printf(" %u files\n", use(devs, n));
		trial_end(&trials);
	}
	trials_print(&trials);
}

int main(int argc, char **argv)
{
	struct blockdev devs[MAX_DISKS];
	unsigned long long count = 0;
	size_t n = 0;
	int i, fd;

	for (i = 1; i < argc && n < MAX_DISKS; i++) {
		if (strncmp(argv[i], "--damage=", 9) == 0) {
			count = strtoull(argv[i] + 9, NULL, 10);
			continue;
		}
		fd = open(argv[i], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			err(1, "%s", argv[i]);
		devs[n] = blockdev_on_fd(fd, (uint32_t)n, (uint64_t)lseek(fd, 0, SEEK_END), 512);
		n++;
	}
	if (n == 0)
		errx(2, "usage: fs-use [--damage=COUNT] IMAGE...");
	if (count)
		use_damaged(devs, n, count);
	else
		printf("%u files\n", use(devs, n));
	return 0;
}
