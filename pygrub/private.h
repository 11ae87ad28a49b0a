/* A bootfs of our own, seen by nobody else, gone with us. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

#include <stdbool.h>

/*
 * Moves this process into a mount namespace of its own and starts bootfs there; returns when it
 * answers, with the folder it is mounted on in *mountpoint. It dies with the thread that called
 * this. `config` is its configuration file, or NULL; `debug` lets it talk on standard error.
 * -errno with err.
 */
int private_start(
	const char *config, bool debug, const char **mountpoint, struct err *err) MUST_CHECK;

/* Writes the path of a program that lies beside ours. -errno. */
int private_program(const char *name, char *path, size_t size) MUST_CHECK;
