/* Tests of GRUB 2's language: a configuration on top, then what the menu must say. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/grub2/grub2.h"
#include "tests/support/memfiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/*
 * Parses `config` as (hd0,msdos1)/boot/grub/grub.cfg of a guest that has the kernel /boot/k and
 * the initrds /boot/i and /boot/i2. Files, volumes and settings are added to the guest before.
 */
void grubtest_run(struct memfiles *guest, const char *config);

/* The same for a guest of its own; grubtest_done() ends it. */
struct memfiles *grubtest(const char *config);
/* With Fedora's rules. */
struct memfiles *grubtest_fedora(const char *config);
void grubtest_done(struct memfiles *guest);

/* The entry at "1>0"; fails the test where there is none. */
const struct menu_entry *grubtest_entry(const struct memfiles *guest, const char *path);

/* All titles in order, parted by "|"; those in submenus with a ">" for each level. */
void assert_titles(const struct memfiles *guest, const char *titles);

/* For "config => titles" in one line. */
void assert_shows(const char *config, const char *titles);

void assert_text(struct text text, const char *expected);
/* "volume:path" of the files of a list, parted by blanks; volume hd0,msdos1 is left out. */
void assert_files(const struct boot_file *list, const char *expected);

void assert_default(const struct memfiles *guest, const char *path, const char *reason);
void assert_warns(const struct memfiles *guest, const char *part);
void assert_no_warning(const struct memfiles *guest);
