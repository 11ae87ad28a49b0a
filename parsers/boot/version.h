/* Comparing versions and matching names as the Boot Loader Specification wants it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/*
 * UAPI.10 version format: negative, 0 or positive. "~" sorts before everything, then the end,
 * then "-", "^", ".", then digits as numbers and letters; other bytes only separate.
 */
int version_compare(struct text a, struct text b);

/*
 * Shell-like patterns: "*", "?", "[abc]", "[a-z]", "[!x]", and backslash for the byte itself.
 * Takes at most the product of both lengths in steps.
 */
bool glob_matches(struct text pattern, struct text name);
