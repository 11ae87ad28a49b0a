/* The command line of bootfs. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

#include <stdbool.h>

struct options {
	const char *config;     /* path of bootfs.conf */
	const char *mountpoint; /* NULL: as the configuration says */
	bool foreground, check, help, version;
	bool private; /* ends with whoever started it; says nothing but to ready_fd */
	int ready_fd; /* told "1" when the tree answers, or why it will not; -1: none */
};

/* -EINVAL with err: one line that names the mistake. Borrows argv's strings. */
int daemon_cli_parse(int argc, char **argv, struct options *ret, struct err *err) MUST_CHECK;

extern const char daemon_cli_help[];
