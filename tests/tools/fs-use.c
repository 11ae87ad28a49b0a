/*
 * fs-use IMAGE...: opens a file system with every reader that knows it and looks at everything a
 * bounded walk finds. For damaged images: ends with 0, or aborts where answers contradict. Images
 * after the first are the other volumes of the same guest.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/limits.h"
#include "tests/support/fsfuzz.h"

#include <err.h>
#include <fcntl.h>

int main(int argc, char **argv)
{
	struct blockdev devs[MAX_DISKS];
	const struct fs_ops *const *ops;
	size_t n = 0;
	int fd;

	for (; n + 1 < (size_t)argc && n < MAX_DISKS; n++) {
		fd = open(argv[n + 1], O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			err(1, "%s", argv[n + 1]);
		devs[n] = blockdev_on_fd(fd, (uint32_t)n, (uint64_t)lseek(fd, 0, SEEK_END), 512);
	}
	if (n == 0)
		errx(2, "usage: fs-use IMAGE...");
	for (ops = fs_table; *ops; ops++) {
		if ((*ops)->probe(&devs[0]) == 1)
			fsfuzz_use(*ops, &devs[0], devs + 1, n - 1);
	}
	return 0;
}
