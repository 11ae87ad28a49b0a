/* Tests of a parser: read a configuration, look at the entries in the words of the field. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/parser.h"
#include "tests/support/memfiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

/* The guest of the test that runs: setup() and teardown() of the test program make it. */
static struct memfiles guest;

/* Parses `path`, a full name such as "(hd0,msdos1)/boot/grub/menu.lst". */
static inline void parse_at(const struct parser *parser, const char *name)
{
	struct text path = text_of(name), volume;
	struct err err = {0};

	assert_true(text_cut(&path, ')', &volume));
	volume = text_skip(volume, 1);
	assert_int_equal(parser->parse(&guest.files, guest.files.ops->find(&guest.files, volume),
				 path, &guest.menu, &err),
		0);
}

/* Puts the configuration at its place and parses it. */
static inline void parse(const struct parser *parser, const char *name, const char *config)
{
	memfiles_add(&guest, name, config);
	parse_at(parser, name);
}

static inline struct menu_entry *entry(uint32_t index)
{
	struct menu_entry *found = bootmenu_entry(&guest.menu, index);

	assert_non_null(found);
	if (!found)
		abort(); /* not reached; tells the compiler */
	return found;
}

/* The menu's lines, headings too, counted from 0. */
static inline struct menu_entry *line(uint32_t number)
{
	struct menu_entry *found = guest.menu.first;

	while (found && number--)
		found = found->next;
	assert_non_null(found);
	if (!found)
		abort(); /* not reached; tells the compiler */
	return found;
}

/* A slice as a C string. */
static inline const char *str(struct text text)
{
	struct text copy;

	assert_int_equal(arena_text(&guest.arena, text, &copy), 0);
	return copy.at;
}

#define assert_text(text, string) assert_string_equal(str(text), string)

/* An entry that boots this kernel with this command line. */
#define assert_boots(number, kernel_path, command_line)                \
	do {                                                           \
		assert_text(entry(number)->error, "");                 \
		assert_true(menu_entry_boots(entry(number)));          \
		assert_text(entry(number)->kernel->path, kernel_path); \
		assert_text(entry(number)->cmdline, command_line);     \
	} while (0)

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
