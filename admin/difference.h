/* Why pygrub and bootfs do not answer alike, in words. Pure: texts and menu.json in, text out. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"

#include <jansson.h>

/*
 * Are the two command lines the same for a kernel? True where they differ by blanks, quotes and
 * backslashes only: pygrub keeps a line as it is typed, GRUB joins words by one blank.
 */
bool args_are_alike(struct text a, struct text b);

/* Appends which words only pygrub's line has, and which only ours: "pygrub alone: quiet". */
void difference_of_args(struct strbuf *out, struct text pygrub, struct text ours);

/*
 * Appends why pygrub took another entry than the default of our menu. `index`: the entry of our
 * menu whose files it copied; -1: none of them.
 */
void difference_of_entries(struct strbuf *out, json_t *menu, json_int_t index);

/* Appends why pygrub finds nothing where we have a menu; `said`: its own words, escaped. */
void difference_of_reach(struct strbuf *out, json_t *menu, struct text said);
