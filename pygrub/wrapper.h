/* One run of bootfs-pygrub. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "pygrub/options.h"

/* Does what the options ask and says what went wrong; the program's exit status. */
int wrapper_run(const struct options *options);

/* Opens and closes the output, for a reader that would wait for ever; then the mistake. */
int wrapper_refuse(const struct options *options, const struct err *err, bool usage);
