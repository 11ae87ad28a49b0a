/* The system calls that QEMU may make as a server for one image. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

/*
 * Puts the filter into force: a call that is not listed does not exist (ENOSYS), so that a QEMU
 * or a C library that tries new ones falls back to old ones. Needs no_new_privs. -1 with errno.
 */
int calls_restrict(void) MUST_CHECK;
