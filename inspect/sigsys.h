/* What the inspector does when its sandbox forbids a system call: says which, and exits. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

/*
 * From now on SIGSYS makes this process write wire/sigsys.h's message into its answer and exit.
 * The handler needs no memory and no lock: the call may come from anywhere. -1 with errno.
 */
int sigsys_catch(void) MUST_CHECK;
