/* A user's number from /etc/passwd alone: no other source of users, so no library and no daemon. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

#include <sys/types.h>

/* Reads a file of /etc/passwd's form. -ENOENT: no such file, or no such user in it. */
int passwd_find(const char *file, const char *name, uid_t *uid, gid_t *gid) MUST_CHECK;
