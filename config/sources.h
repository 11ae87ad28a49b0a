/* What xl's files and images look like from outside: has any of them changed? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"
#include "core/strbuf.h"

/*
 * Appends a line for each file that the patterns match: for xl's files all that tells their
 * content has changed, for images, which guests write to all the time, only which file it is.
 * Two texts that are equal stand for the same domains.
 */
void sources_describe(
	const struct patterns *xl_files, const struct patterns *images, struct strbuf *out);
