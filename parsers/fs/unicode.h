/* Names as FAT and Joliet keep them: UTF-16 to UTF-8, and comparing without case. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/* Writes the character's UTF-8 into `ret`; its length, 1 to 4 bytes. U+FFFD for a surrogate. */
size_t unicode_put(uint32_t code, char ret[4]);

/*
 * UTF-16 to UTF-8 into `ret`, which has room for 3 bytes a unit; the length in bytes. A surrogate
 * without its mate becomes U+FFFD.
 */
size_t unicode_from_utf16(const uint16_t *units, size_t count, char *ret);

/*
 * Takes the first character off; a byte that is not UTF-8 gives a number above U+10FFFF of its
 * own, so that it equals only itself. The text is not empty.
 */
uint32_t unicode_take(struct text *t);

/* The small letter of a capital one: Latin, Greek, Cyrillic, Armenian, full width. */
uint32_t unicode_fold(uint32_t code);

/* Equal but for the case of letters. */
bool unicode_equal_nocase(struct text a, struct text b);
