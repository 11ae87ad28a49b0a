/* Gives up everything but reading the passed descriptors and writing the answer. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "sandbox/steps.h"

#include <stdint.h>

/*
 * In the order of SECURITY.md; after it returns 0 the process may see guest bytes. Fails closed
 * for uid and seccomp; what a kernel lacks besides (Landlock, pivot) weakens: *gaps gets its
 * enum sandbox_gap bits. parent_fd is closed.
 */
int sandbox_enter(
	const struct sandbox_settings *settings, uint32_t *gaps, struct err *err) MUST_CHECK;
