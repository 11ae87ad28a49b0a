/* The command line of bootfs. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

#include <stdbool.h>

struct options {
	const char *config;     /* path of bootfs.conf */
	const char *mountpoint; /* NULL: as the configuration says */
	const char *source;     /* as fstab names it, for the table of mounts; NULL: "bootfs" */
	bool helper;            /* called by mount(8) as mount.fuse.bootfs */
	bool fake;              /* then: do all but mount */
	bool foreground, check, help, version;
	bool private; /* ends with whoever started it; says nothing but to ready_fd */
	int ready_fd; /* told "1" when the tree answers, or why it will not; -1: none */
};

#define CLI_CONFIG "/etc/bootfs/bootfs.conf"

/* -EINVAL with err: one line that names the mistake. Borrows argv's strings. */
int daemon_cli_parse(int argc, char **argv, struct options *ret, struct err *err) MUST_CHECK;

extern const char daemon_cli_help[];

/* Is this the name that mount(8) calls a helper by: mount.fuse.bootfs? */
bool cli_is_mount_helper(const char *name);

/* The same for the command line of such a helper. */
int cli_mount_parse(int argc, char **argv, struct options *ret, struct err *err) MUST_CHECK;

/* A comma-separated list behind -o, cut in place. `sloppy`: unknown ones are passed over. */
int cli_mount_options(char *list, bool sloppy, struct options *ret, struct err *err) MUST_CHECK;
