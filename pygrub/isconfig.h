/* --isconfig: what a bare configuration file would boot. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "pygrub/options.h"

/*
 * Lets bootfs-inspect read the file (we never do) and prints kernel, initrd and args of the
 * default entry, or of the one that --entry names, on standard output. -errno with err.
 */
int isconfig_print(const struct options *options, struct err *err) MUST_CHECK;
