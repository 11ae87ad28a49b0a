/* The name of an error ("ENOENT") for a test's output; with musl, which knows none, its text. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <string.h>

static inline const char *error_name(int error)
{
#ifdef __GLIBC__
	return strerrorname_np(error);
#else
	return strerror(error);
#endif
}
