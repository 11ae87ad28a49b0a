/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/grubtest.h"

#include "core/strbuf.h"

#include <stdlib.h>

void grubtest_run(struct memfiles *guest, const char *config)
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

static struct memfiles *make(const char *config, struct text flavour)
{
	struct memfiles *guest = malloc(sizeof(*guest));

	assert_non_null(guest);
	memfiles_init(guest);
	guest->settings.flavour = flavour;
	grubtest_run(guest, config);
	return guest;
}

struct memfiles *grubtest(const char *config)
{
	return make(config, TEXT("debian"));
}

struct memfiles *grubtest_fedora(const char *config)
{
	return make(config, TEXT("fedora"));
}

void grubtest_done(struct memfiles *guest)
{
	memfiles_done(guest);
	free(guest);
}

const struct menu_entry *grubtest_entry(const struct memfiles *guest, const char *path)
{
	const struct menu_entry *entry;
	char text[200];

	for (entry = guest->menu.first; entry; entry = entry->next) {
		menu_path_print(entry, text, sizeof(text));
		if (!strcmp(text, path))
			return entry;
	}
	fail_msg("no entry %s", path);
	return NULL;
}

void assert_text(struct text text, const char *expected)
{
	char copy[4096];

	assert_true(text.len < sizeof(copy));
	memcpy(copy, text.len ? text.at : "", text.len);
	copy[text.len] = '\0';
	assert_string_equal(copy, expected);
}

void assert_titles(const struct memfiles *guest, const char *titles)
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

void assert_shows(const char *config, const char *titles)
{
	struct memfiles *guest = grubtest(config);

	assert_titles(guest, titles);
	grubtest_done(guest);
}

void assert_files(const struct boot_file *list, const char *expected)
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

void assert_default(const struct memfiles *guest, const char *path, const char *reason)
{
	char text[200];

	assert_non_null(guest->menu.default_entry);
	menu_path_print(guest->menu.default_entry, text, sizeof(text));
	assert_string_equal(text, path);
	if (reason)
		assert_text(guest->menu.default_reason, reason);
}

void assert_warns(const struct memfiles *guest, const char *part)
{
	if (!memfiles_said(guest, REPORT_WARNING, part))
		fail_msg("no warning with \"%s\"", part);
}

void assert_no_warning(const struct memfiles *guest)
{
	const struct report_line *line = memfiles_said(guest, REPORT_WARNING, "");

	if (line)
		fail_msg("a warning: %.*s", TEXT_ARG(line->text));
}
