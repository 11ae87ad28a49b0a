/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/command.h"

#include "core/program.h"

#include <string.h>

bool is_command(const char *word)
{
	static const char *const commands[] = {
		"list", "explain", "check-guests", "extract", "reload", "compare"};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(word, commands[i]) == 0)
			return true;
	}
	return false;
}

int command_run(char **argv)
{
	char path[PATH_MAX];

	if (program_beside("../libexec/bootfs/bootfs-admin", path) ||
		program_beside("bootfs-admin", path))
		execv(path, argv);
	fprintf(stderr, "bootfs: %s: cannot be run: %m; is bootfs installed as a whole?\n", path);
	return 2;
}
