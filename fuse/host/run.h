/* From the command line to the running daemon and its end. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/host/cli.h"

/* Prints what is wrong with the configuration. The exit status: 0 or 1. */
int run_check(const struct options *options);

/* Mounts and serves; without -f in a child, ending when the mount answers. The exit status. */
int run(const struct options *options);
