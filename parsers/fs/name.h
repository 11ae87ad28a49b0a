/* Which bytes of a folder can be a name in a path. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/* Not empty, no slash, no NUL, not "." or "..": readers leave all others out. */
static inline bool name_is_usable(struct text name)
{
	return name.len && text_find(name, '/') == name.len && text_find(name, 0) == name.len &&
	       !text_is(name, ".") && !text_is(name, "..");
}
