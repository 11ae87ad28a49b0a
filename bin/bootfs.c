/* The daemon: boot menus of Xen guests as files. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/command.h"
#include "fuse/run.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct options options;
	struct err err = {0};

	if (argc > 1 && is_command(argv[1]))
		return command_run(argv);
	if (daemon_cli_parse(argc, argv, &options, &err)) {
		fprintf(stderr, "bootfs: %s\nTry: bootfs --help\n", err.text);
		return 2;
	}
	if (options.help) {
		fputs(daemon_cli_help, stdout);
		return 0;
	}
	if (options.version) {
		puts("bootfs " BOOTFS_VERSION);
		return 0;
	}
	return options.check ? run_check(&options) : run(&options);
}
