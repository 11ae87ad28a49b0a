/* A one-shot entry that was booted is recorded, so that it is not booted again. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "pygrub/job.h"

/* The reading process: puts what is to be recorded into the exchange, if there is anything. */
void one_shot_note(const struct job *job, int folder);

/* After the answer was written: records it. A warning where that cannot be done. */
void one_shot_consume(const struct job *job);
