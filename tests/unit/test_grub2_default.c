/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/grubtest.h"

#include <stdio.h>

#define ENTRIES                                               \
	"menuentry One --id first { linux /boot/k; }\n"       \
	"menuentry 'Two words' { linux /boot/k; }\n"          \
	"menuentry '5.10 kernel' { linux /boot/k; }\n"        \
	"submenu More --id more {\n"                          \
	"\tmenuentry 'Deep one' { linux /boot/k; }\n"         \
	"\tmenuentry 'Deep two' --id d2 { linux /boot/k; }\n" \
	"}\n"                                                 \
	"menuentry 'a>b' { linux /boot/k; }\n"                \
	"menuentry Last { linux /boot/k; }\n"

/* What $default chooses, by upstream's rules and by Fedora's. */
static void chooses_as_each_grub_does(void **state)
{
	static const struct {
		const char *value, *upstream, *fedora;
	} cases[] = {
		{"0", "0", "0"},
		{"1", "1", "1"},
		{"5", "5", "5"},
		{"6", "0", "0"},
		{"-1", "0", "0"},
		{"", "0", "0"},
		{"0x2", "2", "2"},
		{"02", "2", "2"},
		{"1 and a half", "1", "0"},
		{"5.10 kernel", "5", "2"},
		{"Two words", "1", "1"},
		{"Two", "0", "0"},
		{"One", "0", "0"},
		{"first", "0", "0"},
		{"Last", "5", "5"},
		{"nothing", "0", "0"},
		{"99999999999999999999", "0", "0"},
		{"3", "3>0", "3>0"},
		{"more", "3>0", "3>0"},
		{"More", "3>0", "3>0"},
		{"3>1", "3>1", "0"},
		{"more>1", "3>1", "3>1"},
		{"More>Deep two", "3>1", "3>1"},
		{"more>d2", "3>1", "3>1"},
		{"3>", "3>0", "0"},
		{"more>nothing", "3>0", "3>0"},
		{"2>1", "2", "0"},
		{"a>>b", "4", "4"},
		{"a>b", "0", "0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int fedora = 0; fedora < 2; fedora++) {
			const char *want = fedora ? cases[i].fedora : cases[i].upstream;
			char config[2000], got[100];
			struct memfiles *guest;

			snprintf(config, sizeof(config), "set default='%s'\n" ENTRIES,
				cases[i].value);
			guest = fedora ? grubtest_fedora(config) : grubtest(config);
			if (!guest->menu.default_entry)
				abort();
			menu_path_print(guest->menu.default_entry, got, sizeof(got));
			if (strcmp(got, want))
				fail_msg("\"%s\" with %s: %s, not %s", cases[i].value,
					fedora ? "Fedora" : "upstream", got, want);
			grubtest_done(guest);
		}
	}
}

static const char header[] = "if [ -s $prefix/grubenv ]; then load_env; fi\n"
			     "if [ \"${next_entry}\" ] ; then\n"
			     "   set default=\"${next_entry}\"\n"
			     "   set next_entry=\n"
			     "   save_env next_entry\n"
			     "   set boot_once=true\n"
			     "else\n"
			     "   set default=\"${saved_entry}\"\n"
			     "fi\n" ENTRIES;

static void says_what_decided(void **state)
{
	struct memfiles *guest = grubtest(ENTRIES);

	(void)state;
	assert_default(guest, "0", "first entry");
	grubtest_done(guest);
	guest = grubtest("\nset default=1\n" ENTRIES);
	assert_default(guest, "1", "set default in /boot/grub/grub.cfg:2");
	grubtest_done(guest);
	guest = grubtest("default=none\n" ENTRIES);
	assert_default(guest, "0",
		"set default in /boot/grub/grub.cfg:1, which names no entry: first entry");
	grubtest_done(guest);
	guest = grubtest(header);
	assert_default(guest, "0", "first entry");
	grubtest_done(guest);
}

static void takes_the_saved_entry(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/grub/grubenv",
		"# GRUB Environment Block\nsaved_entry=more>d2\n####");
	grubtest_run(&guest, header);
	assert_default(&guest, "3>1", "saved_entry in (hd0,msdos1)/boot/grub/grubenv");
	assert_int_equal(guest.menu.one_shot.len, 0);
	memfiles_done(&guest);
}

static void honours_a_one_shot_entry(void **state)
{
	static const char env[] = "# GRUB Environment Block\nsaved_entry=1\nnext_entry=Last\n####";
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/grub/grubenv", env);
	grubtest_run(&guest, header);
	assert_default(&guest, "5", "next_entry in (hd0,msdos1)/boot/grub/grubenv");
	assert_text(guest.menu.one_shot, "Last");
	assert_text(guest.menu.one_shot_file, "(hd0,msdos1)/boot/grub/grubenv");
	memfiles_done(&guest);
	memfiles_init(&guest);
	guest.settings.ignore_one_shot = true;
	memfiles_add(&guest, "(hd0,msdos1)/boot/grub/grubenv", env);
	grubtest_run(&guest, header);
	assert_default(&guest, "1", "saved_entry in (hd0,msdos1)/boot/grub/grubenv");
	assert_int_equal(guest.menu.one_shot.len, 0);
	assert_non_null(grubtest_said(&guest, REPORT_NOTE, "next_entry=Last"));
	memfiles_done(&guest);
}

static void falls_back_when_the_default_cannot_boot(void **state)
{
	static const char entries[] = "menuentry a { linux /none; }\nmenuentry b { true; }\n"
				      "menuentry c --id see { linux /boot/k; }\n";
	struct memfiles *guest;
	char config[400];

	(void)state;
	snprintf(config, sizeof(config), "set fallback='1 2'\n%s", entries);
	guest = grubtest(config);
	assert_default(guest, "2", "fallback, the default cannot boot");
	grubtest_done(guest);
	snprintf(config, sizeof(config), "set fallback='see'\n%s", entries);
	guest = grubtest(config);
	assert_default(guest, "0", "first entry");
	grubtest_done(guest);
	guest = grubtest_fedora(config);
	assert_default(guest, "2", "fallback, the default cannot boot");
	grubtest_done(guest);
	snprintf(config, sizeof(config), "set fallback='0'\nset default=2\n%s", entries);
	guest = grubtest(config);
	assert_default(guest, "2", "set default in /boot/grub/grub.cfg:2");
	grubtest_done(guest);
}

static void reads_the_timeout_as_grub_does(void **state)
{
	static const struct {
		const char *config;
		int64_t timeout;
		const char *style;
	} cases[] = {
		{"", -1, "menu"},
		{"timeout=5\n", 5, "menu"},
		{"timeout=07x\n", 7, "menu"},
		{"timeout=x\n", -1, "menu"},
		{"timeout=-1\n", -1, "menu"},
		{"timeout=0\ntimeout_style=hidden\n", 0, "hidden"},
		{"timeout=3\ntimeout_style=countdown\n", 3, "countdown"},
		{"timeout=3\ntimeout_style=other\n", 3, "menu"},
		{"timeout_style=hidden\n", -1, "menu"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct memfiles *guest;
		char config[2000];

		snprintf(config, sizeof(config), "%s" ENTRIES, cases[i].config);
		guest = grubtest(config);
		assert_int_equal(guest->menu.timeout_s, cases[i].timeout);
		assert_text(guest->menu.timeout_style, cases[i].style);
		grubtest_done(guest);
	}
}

static void forgets_default_inside_a_submenu(void **state)
{
	static const char config[] = "default=1\nexport default\nmenuentry a { linux /boot/k; }\n"
				     "submenu m {\nmenuentry \"b$default\" { linux /boot/k; }\n"
				     "menuentry c { linux /boot/k; }\n}\n";
	struct memfiles *guest = grubtest(config);

	(void)state;
	assert_titles(guest, "a|m|>b|>c");
	assert_default(guest, "1>0", NULL);
	grubtest_done(guest);
	/* Fedora's leaves the old value where no rest follows. */
	guest = grubtest_fedora(config);
	assert_titles(guest, "a|m|>b1|>c");
	assert_default(guest, "1>1", NULL);
	grubtest_done(guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_as_each_grub_does),
		cmocka_unit_test(says_what_decided),
		cmocka_unit_test(takes_the_saved_entry),
		cmocka_unit_test(honours_a_one_shot_entry),
		cmocka_unit_test(falls_back_when_the_default_cannot_boot),
		cmocka_unit_test(reads_the_timeout_as_grub_does),
		cmocka_unit_test(forgets_default_inside_a_submenu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
