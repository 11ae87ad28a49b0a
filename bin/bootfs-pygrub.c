/* bootfs-pygrub: the boot loader that Xen's toolstack calls; answers from bootfs, as pygrub does. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/program.h"
#include "pygrub/wrapper.h"

int main(int argc, char **argv)
{
	struct options options;
	struct err err = {0};

	program_begin("bootfs-pygrub", argc);
	if (options_parse(argc, argv, &options, &err))
		return wrapper_refuse(&options, &err, true);
	if (options.help) {
		fputs(options_usage, stdout);
		fputs(options_help, stdout);
		return 0;
	}
	if (options.version) {
		puts("bootfs-pygrub " BOOTFS_VERSION);
		return 0;
	}
	if (options_read_environment(&options, &err) ||
		options_find_user(&options, "/etc/passwd", &err))
		return wrapper_refuse(&options, &err, false);
	return wrapper_run(&options);
}
