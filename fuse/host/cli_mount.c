/* The command line of mount(8): mount.fuse.bootfs. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/cli.h"

#include "core/text.h"

#include <errno.h>
#include <getopt.h>

/* What mount(8) and fstab may hand to any file system; all of it is so here, or means nothing. */
static const char *const generic_options[] = {"defaults", "ro", "rw", "nosuid", "suid", "nodev",
	"dev", "noexec", "exec", "noatime", "relatime", "norelatime", "nodiratime", "diratime",
	"atime", "strictatime", "nostrictatime", "lazytime", "nolazytime", "async", "sync",
	"dirsync", "auto", "noauto", "nofail", "_netdev", "user", "nouser", "users", "nousers",
	"owner", "noowner", "group", "nogroup", "allow_other", "default_permissions", "silent",
	"loud", "iversion", "noiversion", "mand", "nomand", "nosymfollow", "symfollow"};

static bool is_generic(struct text option)
{
	static const char *const beginnings[] = {"x-", "X-", "comment=", "user=", "uhelper="};

	for (size_t i = 0; i < ARRAY_SIZE(generic_options); i++) {
		if (text_is(option, generic_options[i]))
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++) {
		if (text_starts(option, text_of(beginnings[i])))
			return true;
	}
	return false;
}

int cli_mount_options(char *list, bool sloppy, struct options *ret, struct err *err)
{
	char *rest = list, *option;

	while ((option = strsep(&rest, ","))) {
		if (strncmp(option, "config=", 7) == 0)
			ret->config = option + 7;
		else if (strcmp(option, "remount") == 0)
			return err_set(err, EINVAL,
				"a mounted bootfs has nothing to remount; bootfs reload reads its "
				"configuration again");
		else if (*option && !sloppy && !is_generic(text_of(option)))
			return err_set(err, EINVAL,
				"unknown mount option \"%s\"; bootfs(8) names those there are",
				option);
	}
	return 0;
}

bool cli_is_mount_helper(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strncmp(slash ? slash + 1 : name, "mount.", strlen("mount.")) == 0;
}

int cli_mount_parse(int argc, char **argv, struct options *ret, struct err *err)
{
	bool sloppy = false;
	char *list = NULL;
	int option;

	*ret = (struct options){.config = CLI_CONFIG, .ready_fd = -1, .helper = true};
	opterr = 0;
	/* mount(8), "external helpers"; -r and -w are what some versions put before -o. */
	while ((option = getopt(argc, argv, ":sfnvrwt:N:o:")) != -1) {
		if (option == 'o')
			list = optarg;
		else if (option == 's')
			sloppy = true;
		else if (option == 'f')
			ret->fake = true;
		else if (option == 'N')
			return err_set(err, EINVAL,
				"-N: bootfs mounts in its own namespace only; nsenter --mount=%s "
				"first",
				optarg);
		else if (option == ':' || option == '?')
			return err_set(err, EINVAL, "unknown option %s", argv[optind - 1]);
	}
	if (argc - optind != 2 || !argv[optind + 1][0])
		return err_set(
			err, EINVAL, "usage: %s SOURCE MOUNTPOINT [-sfnv] [-o OPTIONS]", argv[0]);
	ret->source = argv[optind];
	ret->mountpoint = argv[optind + 1];
	return list ? cli_mount_options(list, sloppy, ret, err) : 0;
}
