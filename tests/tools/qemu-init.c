/* qemu-init: the first process of a test's guest; prints its kernel's command line, powers off. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	char line[4096];
	ssize_t n;
	int fd;

	mkdir("/proc", 0755);
	if (mount("proc", "/proc", "proc", 0, NULL))
		perror("proc");
	fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	n = read(fd, line, sizeof(line));
	printf("\nguest's command line: %.*s", n > 0 ? (int)n : 0, line);
	fflush(stdout);
	reboot(RB_POWER_OFF);
	return 1;
}
