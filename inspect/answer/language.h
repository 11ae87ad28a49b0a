/* Which boot loader's language a configuration is written in. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/parser.h"

/*
 * The parser for a file or folder: by its place, else (a file) by its content, else by its name.
 * `path` may be empty. NULL: unknown.
 */
const struct parser *language_of(struct text path, struct text content, bool folder);
