/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/commands.h"

#include "admin/say.h"

const struct admin_command admin_commands[] = {
	{"list", command_list, "json all", 0, -1, "list [--json] [DOMAIN|IMAGE]...",
		"Domains, whether they boot, and what: the default entry with its kernel's "
		"version.\n"
		"  --json            one JSON object, for programs\n"},
	{"explain", command_explain, "", 1, 1, "explain DOMAIN|IMAGE",
		"Why does it boot, or why not: disks, partitions, file systems, places tried,\n"
		"warnings, and what the kernel says of itself.\n"},
	{"check-guests", command_check_guests, "all verbose", 0, -1,
		"check-guests [-v] [--all] [DOMAIN]...",
		"Before maintenance: which guests would not come back, one line each. Without "
		"names,\n"
		"or with --all, every domain.\n"
		"  -v, --verbose     those that would, too\n"},
	{"extract", command_extract, "entry force", 2, 2,
		"extract [--entry=ENTRY] [--force] DOMAIN|IMAGE FOLDER",
		"Writes kernel, initrd and cmdline into the folder: all of them, or none.\n"
		"  --entry=ENTRY     not the default: an index, id, title, or place (1>2)\n"
		"  --force           replace files of these names\n"},
	{"reload", command_reload, "", 0, 0, "reload",
		"Has the running bootfs read its configuration again, and prints the mistakes.\n"},
	{"compare", command_compare, "all pygrub timeout runas", 0, -1,
		"compare [--all] [--pygrub=PATH] [DOMAIN|IMAGE]...",
		"What Xen's pygrub would boot beside what bootfs would, differences explained.\n"
		"Without names, or with --all, every domain.\n"
		"  --pygrub=PATH     this one; else found in Xen's folders\n"
		"  --timeout=TIME    of each run of pygrub (30s)\n"
		"  --runas=USER      who it runs as (nobody)\n"},
	{0},
};

static const struct admin_command *find(const char *name)
{
	const struct admin_command *command = admin_commands;

	while (command->name && strcmp(command->name, name) != 0)
		command++;
	return command->name ? command : NULL;
}

static int print_help(const struct admin_command *command)
{
	printf("Usage: bootfs %s\n%s"
	       "  --bootfs=FOLDER   the mount to read from (else $BOOTFS, else as configured)\n"
	       "  --config=FILE     instead of /etc/bootfs/bootfs.conf\n"
	       "  --help, --version\n"
	       "Exit status: 0 fine, 1 something is wrong with a guest or a file, 2 not "
	       "answered.\n",
		command->usage, command->help);
	return fflush(stdout) ? STATUS_TROUBLE : STATUS_FINE;
}

int admin_main(int argc, char **argv)
{
	const struct admin_command *command = argc > 1 ? find(argv[1]) : NULL;
	struct admin_options options;
	struct err err = {0};

	if (!command) {
		say("no such command: %s; see bootfs --help", argc > 1 ? argv[1] : "(none)");
		return STATUS_TROUBLE;
	}
	if (admin_options_parse(command, argc - 1, argv + 1, &options, &err)) {
		say("%s; try: bootfs %s --help", err.text, command->name);
		return STATUS_TROUBLE;
	}
	if (options.help)
		return print_help(command);
	if (options.version) {
		puts("bootfs " BOOTFS_VERSION);
		return STATUS_FINE;
	}
	return command->run(&options);
}
