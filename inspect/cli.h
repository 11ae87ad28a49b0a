/* The command line of bootfs-inspect, and of the test tool that answers without a sandbox. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "inspect/inspection.h"
#include "inspect/question.h"

struct cli {
	struct question question; /* its disks are open; texts are borrowed from argv */
	bool json;
};

enum cli_next { CLI_GO_ON, CLI_DONE, CLI_USAGE, CLI_FAILED };

/*
 * Parses the options and opens the images. CLI_DONE: help or version was printed. CLI_USAGE: what
 * is wrong was printed on stderr. CLI_FAILED: an image cannot be used, err says which and why.
 */
enum cli_next inspect_cli_parse(int argc, char **argv, struct cli *ret, struct err *err) MUST_CHECK;

/* Closes the images. */
void inspect_cli_done(struct cli *cli);
#define _cli_ CLEANUP(inspect_cli_done)
