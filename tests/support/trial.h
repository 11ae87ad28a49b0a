/* What many trials in one process cost at most: time of one, and memory. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

struct trials {
	uint64_t count, slowest_us, begun_us;
};

/* Begins one trial; SIGALRM ends the process if it has not ended after `hangs_s`. */
void trial_begin(struct trials *trials, unsigned hangs_s);
void trial_end(struct trials *trials);

/* "1000 trials, slowest 12.3 ms, memory 4.5 MiB at most": memory only under the sanitizers. */
void trials_print(const struct trials *trials);
