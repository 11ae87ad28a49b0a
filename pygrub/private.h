/* A bootfs of our own, seen by nobody else, gone with us. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct private_settings {
	const char *config; /* its configuration file; NULL: bootfs's own choice */
	bool debug;         /* it may talk on standard error */
};

/* A zeroed struct is none. */
struct private_bootfs {
	const char *mountpoint;
	pid_t pid;
};

/*
 * Moves this process into a mount namespace of its own and starts bootfs there; returns when it
 * answers. It dies with the thread that called this, whatever that dies of, as long as that is
 * root (the kernel asks whether it may send the signal). -errno with err; stop it in either case.
 */
int private_start(const struct private_settings *settings, struct private_bootfs *ret,
	struct err *err) MUST_CHECK;

/* Ends it. Only for tidiness: where nobody reaps orphans, it would stay as a zombie. */
void private_stop(struct private_bootfs *bootfs);
