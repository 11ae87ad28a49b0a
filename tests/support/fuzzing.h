/* Fuzz targets of parsers: a small guest out of the input, and what must hold of its menu. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/parser.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Makes a guest with /boot/k and /boot/i on hd0,msdos1 (an ESP) and the input, cut at each byte
 * 0xff, as the files of `names` in turn; parses `place`; checks the menu. Aborts where it is
 * wrong.
 */
void fuzz_parser(const struct parser *parser, const char *place, const char *const *names,
	const uint8_t *data, size_t size);
