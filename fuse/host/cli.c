/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/cli.h"

#include "core/text.h"
#include "fuse/host/command.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>

const char daemon_cli_help[] =
	"Usage: bootfs [-f] [--config=FILE] [-o OPTIONS] [MOUNTPOINT]\n"
	"       bootfs --check [--config=FILE]\n"
	"       bootfs COMMAND [OPTIONS] [DOMAIN|IMAGE]...\n"
	"Shows the boot menus of Xen guests, with kernels and initrds, as files.\n"
	"\n"
	"  -f, --foreground  stay in the foreground\n"
	"  --config=FILE     read this instead of /etc/bootfs/bootfs.conf\n"
	"  --check           check the configuration, print each mistake, and end\n"
	"  -o OPTIONS        mount options; config=FILE is the same as --config\n"
	"  --private         end with the process that started it; say nothing\n"
	"  --ready-fd=N      write \"1\" to this descriptor when the tree answers\n"
	"  --help, --version\n"
	"\n"
	"Commands; bootfs COMMAND --help tells more of each:\n"
	"  list              domains: do they boot, and what\n"
	"  explain           why a domain or image boots, or why not\n"
	"  check-guests      which guests would not come back\n"
	"  compare           Xen's pygrub beside bootfs, differences explained\n"
	"  extract           kernel, initrd and command line into a folder\n"
	"  reload            have the running bootfs read its configuration again\n"
	"\n"
	"MOUNTPOINT: else as bootfs.conf says (/bootfs). See bootfs(8), bootfs-tree(7).\n";

static int parse_ready_fd(const char *value, struct options *ret, struct err *err)
{
	uint64_t number;

	if (!text_number(text_of(value), &number) || number > 1 << 20 ||
		fcntl((int)number, F_GETFD) < 0)
		return err_set(err, EINVAL, "--ready-fd: \"%s\" is no open descriptor", value);
	ret->ready_fd = (int)number;
	return 0;
}

enum {
	OPTION_CONFIG = 256,
	OPTION_CHECK,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_READY,
	OPTION_PRIVATE
};

static int parse_option(int option, const char *name, struct options *ret, struct err *err)
{
	switch (option) {
	case 'f':
		ret->foreground = true;
		return 0;
	case 'o':
		return cli_mount_options(optarg, false, ret, err);
	case 'h':
	case OPTION_HELP:
		ret->help = true;
		return 0;
	case OPTION_VERSION:
		ret->version = true;
		return 0;
	case OPTION_CHECK:
		ret->check = true;
		return 0;
	case OPTION_PRIVATE:
		ret->private = true;
		return 0;
	case OPTION_CONFIG:
		ret->config = optarg;
		return 0;
	case OPTION_READY:
		return parse_ready_fd(optarg, ret, err);
	case ':':
		return err_set(err, EINVAL, "%s needs a value", name);
	default:
		return err_set(err, EINVAL, "unknown option %s", name);
	}
}

/* mount(8) names a source first, which means nothing here but in the table of mounts. */
static int parse_operands(int argc, char **argv, struct options *ret, struct err *err)
{
	if (argc > 2)
		return err_set(err, EINVAL, "one mount point, not %d", argc);
	if (argc)
		ret->mountpoint = argv[argc - 1];
	if (argc == 2)
		ret->source = argv[0];
	if (argc == 1 && is_command(ret->mountpoint))
		return err_set(err, EINVAL,
			"the command comes first: bootfs %s ...; for a folder of that name: ./%s",
			ret->mountpoint, ret->mountpoint);
	if (argc && !*ret->mountpoint)
		return err_set(err, EINVAL, "the mount point is an empty name");
	if (argc && !strchr(ret->mountpoint, '/') && access(ret->mountpoint, F_OK))
		return err_set(err, EINVAL,
			"%s is no command and no folder; to make it and mount there: ./%s",
			ret->mountpoint, ret->mountpoint);
	return 0;
}

int daemon_cli_parse(int argc, char **argv, struct options *ret, struct err *err)
{
	static const struct option options[] = {
		{"foreground", no_argument, NULL, 'f'},
		{"config", required_argument, NULL, OPTION_CONFIG},
		{"check", no_argument, NULL, OPTION_CHECK},
		{"help", no_argument, NULL, OPTION_HELP},
		{"version", no_argument, NULL, OPTION_VERSION},
		{"ready-fd", required_argument, NULL, OPTION_READY},
		{"private", no_argument, NULL, OPTION_PRIVATE},
		{0},
	};
	int option, r;

	*ret = (struct options){.config = CLI_CONFIG, .ready_fd = -1};
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":fho:", options, NULL)) != -1) {
		r = parse_option(option, argv[optind - 1], ret, err);
		if (r)
			return r;
	}
	if (ret->ready_fd >= 0 && !ret->foreground)
		return err_set(err, EINVAL, "--ready-fd needs --foreground");
	return parse_operands(argc - optind, argv + optind, ret, err);
}
