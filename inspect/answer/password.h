/* Is this the password? */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/menu.h"

/* A hash is a guest's: what it may cost is bounded. */
enum {
	PBKDF2_MAX_ROUNDS = 1000000, /* takes about two seconds */
	PBKDF2_MAX_SALT = 64,        /* bytes */
	PBKDF2_MAX_HASH = 64,        /* bytes: one block */
	PASSWORD_MAX_TYPED = 512,    /* bytes */
};

/*
 * LOGIN_RIGHT or LOGIN_WRONG; LOGIN_UNKNOWN_KIND where it is none of: plain text; the $1$ of
 * crypt(3); grub.pbkdf2.sha512 within the bounds above.
 */
enum login_result password_check(const struct password *password, struct text typed);
