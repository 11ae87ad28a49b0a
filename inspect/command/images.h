/* The images that bootfs-inspect is given, in whatever format; for cli.c only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "inspect/command/cli.h"

/* Takes "PATH:FORMAT", cut in place. -EINVAL with err. */
int cli_backing_add(struct cli *cli, char *value, struct err *err) MUST_CHECK;

/* Opens disk `index` of the question: a file, a device or a URL. -errno with err. */
int cli_image_open(struct cli *cli, uint32_t index, const char *path, struct err *err) MUST_CHECK;
void cli_image_close(struct cli *cli, uint32_t index);
