/* Passwords on their way to a question. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"
#include "model/login.h"

#include <sys/types.h>

enum { MAX_LOGINS = 16 }; /* that nobody has taken yet */

/* Wiped when it is freed. */
struct login {
	struct login *next;
	pid_t pid; /* whose it is */
	struct login_request request;
};

/* Those that wait for their look-up; a zeroed struct is none. */
struct logins {
	struct login *first;
	uint32_t n;
};

/*
 * Keeps a request of a process and gives it its token. -EINVAL for lengths that cannot be,
 * -EBUSY where too many wait, -ENOMEM.
 */
int login_add(struct logins *logins, pid_t pid, const struct login_request *request,
	uint64_t *token) MUST_CHECK;

/* Takes it out, now the caller's. NULL: that process has none of this token. */
struct login *login_take(struct logins *logins, pid_t pid, uint64_t token) MUST_CHECK;

/* Forgets it, if nobody has taken it. */
void login_forget(struct logins *logins, uint64_t token);

void login_free(struct login *login);
