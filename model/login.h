/* How a password gets to bootfs: by an ioctl, so that no path, log or trace of calls has it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <sys/ioctl.h>

/*
 * On the open folder .disk, by root. Gives a token, the value of the key login= in one look-up of
 * that process below .disk: the menu there says what the password opens. As long as that folder
 * is open; then everything is forgotten.
 */
enum { LOGIN_NAME_BYTES = 256, LOGIN_PASSWORD_BYTES = 512 };

struct login_request {
	uint64_t token; /* the answer */
	uint32_t name_len, password_len;
	char name[LOGIN_NAME_BYTES]; /* empty: the menu has only one user, or no names */
	char password[LOGIN_PASSWORD_BYTES];
};

#define LOGIN_IOCTL _IOWR('b', 0x4c, struct login_request)
