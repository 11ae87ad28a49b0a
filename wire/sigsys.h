/* The inspector's last words, where it tried a system call that its sandbox forbids. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "wire/message.h"

/*
 * A whole message, with room for the libraries' versions. It is written by a signal handler, so
 * that it has a size of its own and needs no memory.
 *
 *   0        7      8                16     20       24
 *   +--------+------+----------------+------+--------+-----------
 *   | version| kind | length (u64)   | call | length | libraries
 *   +--------+------+----------------+------+--------+-----------
 */
struct wire_sigsys {
	char version[7]; /* WIRE_VERSION without its NUL */
	uint8_t kind;    /* WIRE_SIGSYS */
	uint64_t length; /* bytes behind it */
	uint32_t call;   /* its number */
	uint32_t libraries_length;
	char libraries[104]; /* "libc 2.36, libext2fs 1.47.0, ..."; NUL behind it */
};
_Static_assert(sizeof(struct wire_sigsys) == 128, "no padding");

/* Fills it. Nothing in here allocates or locks. */
void wire_put_sigsys(struct wire_sigsys *message, uint32_t call, const char *libraries);

/*
 * Turns its fields into err and returns -ECHILD. The call is named by us; of what the inspector
 * says of its libraries, only letters, digits and dots and the like are shown.
 */
int wire_get_sigsys(struct text fields, struct err *err) MUST_CHECK;
