/* The inspector's process: enters the sandbox as ordered, answers its one question. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "wire/order.h"

#include <stdint.h>
#include <sys/types.h>

struct served_ops;

/*
 * Enters the sandbox as ordered; with `served` (else NULL) one in which images can be read. The
 * errors of sandbox_enter(); -EINVAL: no such order.
 */
int worker_enter(const char *order, const struct served_ops *served, uint32_t *gaps,
	struct err *err) MUST_CHECK;

/* Reads the question and writes the answer; after worker_enter(). `gaps` becomes part of it. */
int worker_answer(const struct served_ops *served, uint32_t gaps, struct err *err) MUST_CHECK;

/*
 * Enters the sandbox, reads the question, writes the answer. The exit status: 0 also for a
 * failure that the answer tells; 2 where not even that could be written.
 */
int worker_run(const char *order, const struct served_ops *served);
