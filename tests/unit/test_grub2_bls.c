/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/blscfg/filevercmp.h"
#include "parsers/boot/grub2/blscfg/rpmver.h"
#include "tests/support/grubtest.h"

#include <stdio.h>

#define FOLDER "(hd0,msdos1)/loader/entries/"

static void add_entry(struct memfiles *guest, const char *name, const char *more)
{
	char path[200], content[600];

	snprintf(path, sizeof(path), FOLDER "%s.conf", name);
	snprintf(content, sizeof(content), "title T %s\nlinux /boot/k\n%s", name, more);
	memfiles_add(guest, path, content);
}

static void compares_file_names_as_ls_does(void **state)
{
	/* As `ls -v` of coreutils 9.1 lists them. */
	static const char *const order[] = {"", ".", "..", ".a~", ".a", "0", "5eed-0-rescue.conf",
		"5eed-0-rescue-6.conf", "5eed-6.12.9-2.fc41.conf", "5eed-6.12.9-10.fc41.conf",
		"5eed-6.12.10-1.fc41.conf", "9", "A", "Z", "a~", "a", "a.b~", "a.b", "a.bc~",
		"a.bc", "a+", "a.", "a..a", "a.+", "b~", "b", "gcc-c++-10.fc9.tar.gz",
		"gcc-c++-10.fc9.tar.gz.~1~", "gcc-c++-10.fc9.tar.gz.~2~",
		"gcc-c++-10.8.12-0.7rc2.fc9.tar.bz2", "glibc-2-0.1.beta1.fc10.rpm",
		"linux-6.8.conf", "linux-6.9~rc1.conf", "linux-6.9.conf", "linux-6.10.conf", "z",
		"zz~", "zz", "zz.~1~", "zz.0"};

	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(order); a++) {
		for (size_t b = 0; b < ARRAY_SIZE(order); b++) {
			int got = filevercmp(text_of(order[a]), text_of(order[b]));

			if ((got > 0) - (got < 0) != (a > b) - (a < b))
				fail_msg("\"%s\" and \"%s\": %d", order[a], order[b], got);
		}
	}
	assert_int_equal(filevercmp(TEXT("linux-06.8.conf"), TEXT("linux-6.8.conf")), 0);
}

static void compares_versions_as_rpm_does(void **state)
{
	/* Older first. */
	static const char *const order[] = {"", "1~rc1", "1", "1+git", "1.0", "1.0a", "1.1", "1.9",
		"1.10", "1.10.a", "1.10.1", "2"};
	static const struct {
		const char *a, *b;
	} same[] = {{"1.0", "1.0"}, {"1.0", "1_0"}, {"1.01", "1.1"}, {"1..0", "1.0"}};

	(void)state;
	for (size_t a = 0; a < ARRAY_SIZE(order); a++) {
		for (size_t b = 0; b < ARRAY_SIZE(order); b++) {
			int got = grub_rpm_compare(text_of(order[a]), text_of(order[b]));
			int want = (a > b) - (a < b);

			/* Against nothing at all a ~ is older. */
			if ((got > 0) - (got < 0) != want)
				fail_msg("\"%s\" and \"%s\": %d", order[a], order[b], got);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		assert_int_equal(grub_rpm_compare(text_of(same[i].a), text_of(same[i].b)), 0);
}

static void sorts_names_by_name_version_and_release(void **state)
{
	/* Newest first. */
	static const char *const order[] = {"id-0-rescue-5eed", "id-6.6.0-1.fc40",
		"id-6.6.0~rc1-1.fc40", "id-6.5.10-300.fc39.x86_64+debug",
		"id-6.5.10-300.fc39.x86_64", "id-6.5.6-300.fc39"};

	(void)state;
	for (size_t i = 0; i + 1 < ARRAY_SIZE(order); i++) {
		if (grub_rpm_compare_names(text_of(order[i]), text_of(order[i + 1])) <= 0)
			fail_msg("%s is not before %s", order[i], order[i + 1]);
	}
}

static void adds_an_entry_for_each_file_newest_first(void **state)
{
	struct memfiles guest;
	const struct menu_entry *entry;

	(void)state;
	memfiles_init(&guest);
	add_entry(&guest, "id-5.9-1", "initrd /boot/i\noptions root=x ro\n");
	add_entry(&guest, "id-5.10-1", "");
	add_entry(&guest, "id-5.10~rc1-1", "");
	memfiles_add(&guest, FOLDER "not-a-conf.txt", "title no\nlinux /boot/k\n");
	memfiles_add(&guest, FOLDER ".hidden.conf", "title no\nlinux /boot/k\n");
	memfiles_add(&guest, FOLDER "no-linux.conf", "title no\n");
	memfiles_add(&guest, FOLDER "x-1-1.conf", "linux /boot/k\n");
	grubtest_run(&guest, "menuentry first { linux /boot/k; }\nblscfg\n"
			     "menuentry last { linux /boot/k; }\n");
	assert_titles(&guest, "first|/boot/k|T id-5.10-1|T id-5.10~rc1-1|T id-5.9-1|last");
	entry = grubtest_entry(&guest, "4");
	assert_text(entry->id, "id-5.9-1");
	assert_text(entry->cmdline, "root=x ro");
	assert_files(entry->initrds, "/boot/i");
	assert_text(entry->config, FOLDER "id-5.9-1.conf");
	assert_text(entry->script,
		"title T id-5.9-1\nlinux /boot/k\ninitrd /boot/i\noptions root=x ro\n");
	assert_true(menu_entry_boots(entry));
	assert_text(guest.menu.flavour, "fedora");
	assert_no_warning(&guest);
	memfiles_done(&guest);
}

static void looks_in_two_folders_and_where_blsdir_says(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/loader/entries/a.conf", "title a\nlinux /boot/k\n");
	memfiles_add(&guest, "(hd0,msdos1)/other/b.conf", "title b\nlinux /boot/k\n");
	memfiles_add(&guest, "(hd0,msdos1)/x/d.conf", "title d\nlinux /boot/k\n");
	memfiles_add(&guest, "(hd0,msdos1)/x/e.conf", "title e\nlinux /boot/k\n");
	memfiles_volume(&guest, "hd1,gpt1", NULL, NULL);
	memfiles_add(&guest, "(hd1,gpt1)/loader/entries/c.conf", "title c\nlinux /k\n");
	grubtest_run(&guest, "blscfg\nblsdir=/other\nblscfg\nblscfg (hd1,gpt1)/loader/entries\n"
			     "unset blsdir; root=hd1,gpt1; blscfg; blscfg (hd0,1)/x/d.conf\n");
	/* What was made once is not made again. */
	assert_titles(&guest, "a|b|c|d");
	memfiles_done(&guest);
	/* A folder without entries is one that can be read. */
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/loader/entries/a.conf", "title a\nlinux /boot/k\n");
	memfiles_folder(&guest, "(hd0,msdos1)/loader/entries");
	grubtest_run(&guest, "blscfg\nmenuentry own { linux /boot/k; }\n");
	assert_titles(&guest, "own");
	memfiles_done(&guest);
}

static void ends_a_file_at_a_line_without_value(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, FOLDER "a.conf",
		"# comment\r\n  title\tA$x\r\nlinux \t/boot/k\r\noptions ab\nversion\noptions "
		"b\n");
	memfiles_add(&guest, FOLDER "b.conf", "title B\n\nlinux /boot/k\n");
	grubtest_run(&guest, "blscfg\n");
	assert_titles(&guest, "A$x");
	assert_text(grubtest_entry(&guest, "0")->cmdline, "ab");
	memfiles_done(&guest);
}

static void expands_options_now_and_the_rest_when_run(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	add_entry(&guest, "e-1-1",
		"options root=x $kernelopts $none end\\$late\n"
		"initrd /boot/i $more\n");
	add_entry(&guest, "d-1-1", "options \"a b\" c;d #e\n");
	add_entry(&guest, "c-1-1", "options a=$kernelopts.b\noptions second\n");
	add_entry(&guest, "b-1-1", "initrd /boot/i\ninitrd /boot/i2\n");
	grubtest_run(&guest,
		"kernelopts='ro  quiet'; late=1; default_kernelopts='def $kernelopts'\n"
		"blscfg\nkernelopts=changed; late=2; more=(hd0,1)/boot/i2\n");
	assert_text(grubtest_entry(&guest, "0")->cmdline, "root=x ro quiet end$late");
	assert_files(grubtest_entry(&guest, "0")->initrds, "/boot/i /boot/i2");
	assert_text(grubtest_entry(&guest, "1")->cmdline, "\"a b\" c");
	assert_text(grubtest_entry(&guest, "2")->cmdline, "a=ro quiet .b");
	assert_text(grubtest_entry(&guest, "3")->cmdline, "def ro quiet");
	assert_files(grubtest_entry(&guest, "3")->initrds, "/boot/i /boot/i2");
	memfiles_done(&guest);
}

static void puts_early_initrds_and_devicetrees_beside(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/ucode.img", "x");
	memfiles_add(&guest, "(hd0,msdos1)/boot/board.dtb", "x");
	add_entry(&guest, "b-1-1", "initrd /boot/i\n");
	add_entry(&guest, "a-1-1", "devicetree /boot/i2\n");
	grubtest_run(&guest, "early_initrd='ucode.img'; devicetree=board.dtb; blscfg\n");
	assert_files(grubtest_entry(&guest, "0")->initrds, "/boot/ucode.img /boot/i");
	assert_files(grubtest_entry(&guest, "0")->devicetree, "/boot/board.dtb");
	assert_files(grubtest_entry(&guest, "1")->initrds, "/boot/ucode.img");
	assert_files(grubtest_entry(&guest, "1")->devicetree, "/boot/i2");
	memfiles_done(&guest);
}

static void chooses_the_default_by_id_title_or_position(void **state)
{
	static const struct {
		const char *value, *path;
	} cases[] = {{"id-1-1", "2"}, {"T id-2-1", "1"}, {"1", "1"}, {"id-9-9", "0"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct memfiles guest;
		char env[200];

		memfiles_init(&guest);
		snprintf(env, sizeof(env), "# GRUB Environment Block\nsaved_entry=%s\n",
			cases[i].value);
		memfiles_add(&guest, "(hd0,msdos1)/boot/grub/grubenv", env);
		add_entry(&guest, "id-1-1", "");
		add_entry(&guest, "id-2-1", "");
		add_entry(&guest, "id-3-1", "");
		grubtest_run(&guest, "load_env; default=\"${saved_entry}\"; blscfg\n");
		assert_default(&guest, cases[i].path, NULL);
		memfiles_done(&guest);
	}
}

static void shows_the_default_and_the_others_apart(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	add_entry(&guest, "id-1-1", "");
	add_entry(&guest, "id-2-1", "");
	add_entry(&guest, "id-3-1", "");
	grubtest_run(&guest, "default=id-2-1; export default; blscfg default\n"
			     "submenu more { blscfg non-default; }\n");
	assert_titles(&guest, "T id-2-1|more|>T id-3-1|>T id-1-1");
	memfiles_done(&guest);
}

static void restricts_entries_with_users_only(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	add_entry(&guest, "b-1-1",
		"grub_users $grub_users\ngrub_arg --unrestricted\n"
		"grub_arg x\noptions $1\n");
	add_entry(&guest, "a-1-1", "grub_users root mail\n");
	grubtest_run(&guest, "set superusers=root; blscfg\n");
	assert_false(grubtest_entry(&guest, "0")->restricted);
	assert_true(grubtest_entry(&guest, "1")->restricted);
	assert_text(grubtest_entry(&guest, "1")->users, "root mail");
	memfiles_done(&guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_file_names_as_ls_does),
		cmocka_unit_test(compares_versions_as_rpm_does),
		cmocka_unit_test(sorts_names_by_name_version_and_release),
		cmocka_unit_test(adds_an_entry_for_each_file_newest_first),
		cmocka_unit_test(looks_in_two_folders_and_where_blsdir_says),
		cmocka_unit_test(ends_a_file_at_a_line_without_value),
		cmocka_unit_test(expands_options_now_and_the_rest_when_run),
		cmocka_unit_test(puts_early_initrds_and_devicetrees_beside),
		cmocka_unit_test(chooses_the_default_by_id_title_or_position),
		cmocka_unit_test(shows_the_default_and_the_others_apart),
		cmocka_unit_test(restricts_entries_with_users_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
