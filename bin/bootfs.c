/* The daemon: boot menus of Xen guests as files. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/program.h"
#include "fuse/host/command.h"
#include "fuse/host/run.h"

#include <stdio.h>

/* As mount(8) wants it: 1 for a wrong call, 32 for a mount that failed. */
static int mount_helper(int argc, char **argv)
{
	enum { HELPER_USAGE = 1, HELPER_FAILED = 32 };
	struct options options;
	struct err err = {0};

	if (cli_mount_parse(argc, argv, &options, &err)) {
		fprintf(stderr, "bootfs: %s\n", err.text);
		return HELPER_USAGE;
	}
	return options.fake || !run(&options) ? 0 : HELPER_FAILED;
}

int main(int argc, char **argv)
{
	struct options options;
	struct err err = {0};

	program_begin("bootfs", argc);
	if (argc > 0 && cli_is_mount_helper(argv[0]))
		return mount_helper(argc, argv);
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
