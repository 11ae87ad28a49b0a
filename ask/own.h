/* What ask.c and ask_finish.c share. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ask/ask.h"

/* Closes and frees whatever is left; the child must be reaped. */
void ask_done(struct ask *ask);

/* A memfd of fixed size: it can neither grow nor shrink. -1 with errno. */
int ask_make_memory(const char *name, uint64_t size, int more_seals) MUST_CHECK;
