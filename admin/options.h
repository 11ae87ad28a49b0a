/* The command lines of bootfs list, explain, reload and the other commands. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

#include <stdbool.h>

/* What all commands know, and what only some of them do; strings are those of argv. */
struct admin_options {
	const char *config;  /* path of bootfs.conf */
	const char *bootfs;  /* the mount to read from; NULL: as the configuration says */
	const char *entry;   /* extract: instead of the default */
	const char *pygrub;  /* compare: its path; NULL: found */
	const char *timeout; /* compare: of one run of pygrub */
	const char *runas;   /* compare: who pygrub runs as */
	bool all, json, force, verbose, help, version;
	char **operands;
	int n_operands;
};

struct admin_command {
	const char *name;
	int (*run)(const struct admin_options *options);
	const char *takes;              /* long options besides those of all commands: "all json" */
	int min_operands, max_operands; /* max -1: any number */
	const char *usage;              /* behind "bootfs ": "list [--json] [DOMAIN|IMAGE]..." */
	const char *help;
};

/*
 * Reads the words behind the command's name (argv[0] is that name). Options and operands come in
 * any order. -EINVAL with err: one line that names the mistake.
 */
int admin_options_parse(const struct admin_command *command, int argc, char **argv,
	struct admin_options *ret, struct err *err) MUST_CHECK;
