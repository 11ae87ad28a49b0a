/* Numbers as GRUB reads them: decimal, 0x and octal, and what may follow. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/*
 * Reads a number at the start, blanks before it skipped; base 0 finds out the base (0x, 0). *rest
 * is what follows. False: there is none, or it does not fit in 64 bits (*rest is then empty).
 */
bool grub_number(struct text text, unsigned base, uint64_t *ret, struct text *rest);

/* The whole text is a number. */
bool grub_whole_number(struct text text, unsigned base, uint64_t *ret);

/* With a sign, base found out, whatever follows. */
bool grub_signed_number(struct text text, int64_t *ret);
