/* What in a menu needs a password, and what a given one opens. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/menu.h"
#include "model/question.h"

/*
 * Completes which entries are restricted (all below a heading that is), then takes that away, and
 * the bar to editing, as far as the question's login opens it. Says in menu->login what the login
 * came to. At most MAX_LOGIN_CHECKS different passwords are compared.
 */
enum { MAX_LOGIN_CHECKS = 64 };
void login_apply(const struct question *question, struct bootmenu *menu);
