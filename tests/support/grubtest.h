/* Tests of GRUB 2's language: a configuration on top, then what the menu must say. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* All of it is here, for it needs cmocka, which only unit tests are linked with. */

#include "core/strbuf.h"
#include "parsers/boot/grub2/grub2.h"
#include "tests/support/memfiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/*
 * Parses `config` as (hd0,msdos1)/boot/grub/grub.cfg of a guest that has the kernel /boot/k and
 * the initrds /boot/i and /boot/i2. Files, volumes and settings are added to the guest before.
 */
static inline void grubtest_run(struct memfiles *guest, const char *config)
{
	struct err err = {0};
	int r;

	memfiles_add(guest, "(hd0,msdos1)/boot/grub/grub.cfg", config);
	memfiles_add(guest, "(hd0,msdos1)/boot/k", "kernel");
	memfiles_add(guest, "(hd0,msdos1)/boot/i", "initrd");
	memfiles_add(guest, "(hd0,msdos1)/boot/i2", "initrd two");
	r = parser_grub2.parse(&guest->files, memfiles_find(guest, "hd0,msdos1"),
		TEXT("/boot/grub/grub.cfg"), &guest->menu, &err);
	if (r)
		fail_msg("parse: %d, %s", r, err.text);
}

static inline struct memfiles *grubtest_make(const char *config, struct text flavour)
{
	struct memfiles *guest = malloc(sizeof(*guest));

	if (!guest)
		abort();
	memfiles_init(guest);
	guest->settings.flavour = flavour;
	grubtest_run(guest, config);
	return guest;
}

/* The same for a guest of its own; grubtest_done() ends it. */
static inline struct memfiles *grubtest(const char *config)
{
	return grubtest_make(config, TEXT("debian"));
}

/* With Fedora's rules. */
static inline struct memfiles *grubtest_fedora(const char *config)
{
	return grubtest_make(config, TEXT("fedora"));
}

static inline void grubtest_done(struct memfiles *guest)
{
	memfiles_done(guest);
	free(guest);
}

/* The entry at "1>0"; fails the test where there is none. */
static inline const struct menu_entry *grubtest_entry(
	const struct memfiles *guest, const char *path)
{
	const struct menu_entry *entry;
	char text[200];

	for (entry = guest->menu.first; entry; entry = entry->next) {
		menu_path_print(entry, text, sizeof(text));
		if (!strcmp(text, path))
			return entry;
	}
	fail_msg("no entry %s", path);
	abort(); /* the compiler does not know that it does not come back */
}

static inline void assert_text(struct text text, const char *expected)
{
	char copy[4096];

	assert_true(text.len < sizeof(copy));
	memcpy(copy, text.len ? text.at : "", text.len);
	copy[text.len] = '\0';
	assert_string_equal(copy, expected);
}

/* All titles in order, parted by "|"; those in submenus with a ">" for each level. */
static inline void assert_titles(const struct memfiles *guest, const char *titles)
{
	const struct menu_entry *entry;
	_strbuf_ struct strbuf buf = {0};

	for (entry = guest->menu.first; entry; entry = entry->next) {
		if (entry != guest->menu.first)
			strbuf_addc(&buf, '|');
		for (uint32_t i = 1; i < entry->depth; i++)
			strbuf_addc(&buf, '>');
		strbuf_add(&buf, entry->title);
	}
	assert_text(strbuf_text(&buf), titles);
}

/* For "config => titles" in one line. */
static inline void assert_shows(const char *config, const char *titles)
{
	struct memfiles *guest = grubtest(config);

	assert_titles(guest, titles);
	grubtest_done(guest);
}

/* "volume:path" of the files of a list, parted by blanks; volume hd0,msdos1 is left out. */
static inline void assert_files(const struct boot_file *list, const char *expected)
{
	_strbuf_ struct strbuf buf = {0};

	for (; list; list = list->next) {
		if (buf.len)
			strbuf_addc(&buf, ' ');
		if (list->newc.len) {
			strbuf_add(&buf, list->newc);
			strbuf_addc(&buf, '=');
		}
		if (!text_is(list->volume, "hd0,msdos1")) {
			strbuf_add(&buf, list->volume);
			strbuf_addc(&buf, ':');
		}
		strbuf_add(&buf, list->path);
	}
	assert_text(strbuf_text(&buf), expected);
}

static inline void assert_default(
	const struct memfiles *guest, const char *path, const char *reason)
{
	char text[200];

	if (!guest->menu.default_entry) {
		fail_msg("nothing boots by default");
		abort();
	}
	menu_path_print(guest->menu.default_entry, text, sizeof(text));
	assert_string_equal(text, path);
	if (reason)
		assert_text(guest->menu.default_reason, reason);
}

/* The line of the report that says this. */
static inline const struct report_line *grubtest_said(
	const struct memfiles *guest, enum report_kind kind, const char *part)
{
	const struct report_line *line = memfiles_said(guest, kind, part);

	if (!line) {
		fail_msg("nothing with \"%s\" in the report", part);
		abort();
	}
	return line;
}

static inline void assert_warns(const struct memfiles *guest, const char *part)
{
	grubtest_said(guest, REPORT_WARNING, part);
}

static inline void assert_no_warning(const struct memfiles *guest)
{
	const struct report_line *line = memfiles_said(guest, REPORT_WARNING, "");

	if (line)
		fail_msg("a warning: %.*s", TEXT_ARG(line->text));
}
