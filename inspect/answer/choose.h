/* Which entry boots: the menu's default and the administrator's wishes. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/inspection.h"
#include "model/question.h"

/*
 * Applies the policy to a menu that is complete: appends its arguments to every command line,
 * and leaves default_entry and default_reason as what boots, or error set and default_entry NULL.
 * Where the inspection has an error already nothing but the arguments happens. -ENOMEM.
 */
int choose(const struct question *question, struct inspection *inspection) MUST_CHECK;

/*
 * The one rule of what a wish names, for `entry =`, --entry and the key `entry` of .disk/: an
 * index, a title, an id, a place "1>2" (numbers, ids and titles may be mixed), in this order. The
 * first two are pygrub's. A submenu stands for its first entry. NULL: none.
 */
struct menu_entry *choose_find(const struct bootmenu *menu, struct text wish);

/* The file that an entry's error "kernel missing: /boot/vmlinuz" is about; NULL: another error. */
const struct boot_file *choose_missing_file(const struct menu_entry *entry);
