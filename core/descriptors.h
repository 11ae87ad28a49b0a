/* Which descriptors a program holds: none that it was not given on purpose. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

/*
 * Closes `first` and every higher one. Makes system calls only: also for a child that shares its
 * parent's memory. Where the kernel has no close_range() (before 5.9), or a container refuses it,
 * the open ones are looked up in /proc/self/fd; without that all numbers are tried.
 */
void descriptors_close_from(unsigned first);

/* The same for descriptors that execve() then closes. */
void descriptors_close_on_exec(unsigned first);

/*
 * Opens those of 0, 1 and 2 that are closed, so that no file of ours ever gets such a number.
 * Reading 0 and writing to 1 or 2 fails then as it would have. -errno.
 */
int descriptors_fill_standard(void) MUST_CHECK;
