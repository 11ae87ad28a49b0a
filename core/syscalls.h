/* The system calls of this architecture: their numbers and names. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/text.h"

/*
 * Linux up to 7.0 has calls of the numbers 0 ... SYSCALL_FIRST_END - 1 and SYSCALL_SHARED ...
 * SYSCALL_SHARED_END - 1. The latter mean the same on every architecture.
 */
enum {
#if defined(__x86_64__)
	SYSCALL_FIRST_END = 337,
#elif defined(__aarch64__)
	SYSCALL_FIRST_END = 295,
#else
#error "core/syscalls.h: tell it how many system calls this architecture has"
#endif
	SYSCALL_SHARED = 424,
	SYSCALL_SHARED_END = 472,
};

/* Empty: no call has this number. */
struct text syscall_name(uint32_t number);
