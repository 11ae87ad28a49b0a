/* GRUB Legacy: menus as GRUB 0.97 shows them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/table.h"
#include "tests/support/parsing.h"

static int setup(void **state)
{
	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/k", "kernel");
	memfiles_add(&guest, "(hd0,msdos1)/boot/i", "initrd");
	memfiles_add(&guest, "(hd0,msdos1)/boot/xen.gz", "xen");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memfiles_done(&guest);
	return 0;
}

static void menu_lst(const char *config)
{
	parse(&parser_legacy, "(hd0,msdos1)/boot/grub/menu.lst", config);
}

static void an_entry_has_kernel_initrd_and_command_line(void **state)
{
	(void)state;
	menu_lst("default 0\ntimeout 5\ntitle Debian\nroot (hd0,0)\n"
		 "kernel /boot/k root=/dev/sda1  ro\ninitrd /boot/i\nsavedefault\n");
	assert_int_equal(guest.menu.entries, 1);
	assert_text(entry(0)->title, "Debian");
	assert_text(entry(0)->kernel->path, "/boot/k");
	assert_text(entry(0)->kernel->volume, "hd0,msdos1");
	assert_text(entry(0)->initrds->path, "/boot/i");
	assert_text(entry(0)->cmdline, "root=/dev/sda1  ro");
	assert_text(entry(0)->config, "(hd0,msdos1)/boot/grub/menu.lst");
	assert_int_equal(entry(0)->config_line, 3);
	assert_text(entry(0)->script,
		"title Debian\nroot (hd0,0)\nkernel /boot/k root=/dev/sda1  ro\ninitrd "
		"/boot/i\nsavedefault");
	assert_true(menu_entry_boots(entry(0)));
	assert_ptr_equal(guest.menu.default_entry, entry(0));
	assert_int_equal(guest.menu.timeout_s, 5);
}

static void tabs_equal_signs_and_joined_lines_are_read_as_grub_does(void **state)
{
	(void)state;
	menu_lst("  # comment \\\ndefault=1\r\ntitle=Equals = title  \n\troot=(hd0,0)\n"
		 "\tkernel=/boot/k a=b\ntitle Joined\nkernel /boot/k a \\\nb\tc\n");
	assert_int_equal(guest.menu.entries, 2);
	assert_text(entry(0)->title, "Equals = title  ");
	assert_text(entry(0)->cmdline, "a=b");
	assert_text(entry(1)->cmdline, "a  b c");
	assert_int_equal(entry(1)->config_line, 6);
	/* The backslash makes the next line part of the comment. */
	assert_ptr_equal(guest.menu.default_entry, entry(0));
}

static void options_before_the_kernel_are_not_its_file(void **state)
{
	(void)state;
	menu_lst("title t\nkernel --type=linux --no-mem-option /boot/k  a  b\n");
	assert_text(entry(0)->kernel->path, "/boot/k");
	assert_text(entry(0)->cmdline, "a  b");
}

static void modules_make_the_kernel_a_hypervisor(void **state)
{
	(void)state;
	menu_lst("title Xen\nroot (hd0,0)\nkernel /boot/xen.gz dom0_mem=512M\n"
		 "module /boot/k root=/dev/sda1 ro\nmodulenounzip /boot/i\n");
	assert_text(entry(0)->hypervisor->path, "/boot/xen.gz");
	assert_text(entry(0)->hypervisor->cmdline, "dom0_mem=512M");
	assert_text(entry(0)->kernel->path, "/boot/k");
	assert_text(entry(0)->initrds->path, "/boot/i");
	assert_text(entry(0)->cmdline, "root=/dev/sda1 ro");
	assert_text(entry(0)->modules->cmdline, "root=/dev/sda1 ro");
	assert_text(entry(0)->modules->next->path, "/boot/i");
	assert_true(menu_entry_boots(entry(0)));
}

static void partitions_count_from_zero(void **state)
{
	(void)state;
	memfiles_volume(&guest, "hd1,msdos5", "5eed0005-0000", "home");
	memfiles_add(&guest, "(hd1,msdos5)/k5", "kernel");
	menu_lst("title by root\nroot (hd1,4)\nkernel /k5\ntitle by name\nkernel (hd1,4)/k5\n"
		 "title by uuid\nuuid 5EED0005-0000\nkernel /k5\n"
		 "title by search\nfind --set-root --ignore-floppies /k5\nkernel /k5\n");
	for (uint32_t i = 0; i < 4; i++) {
		assert_true(menu_entry_boots(entry(i)));
		assert_text(entry(i)->kernel->volume, "hd1,msdos5");
	}
}

static void a_partition_that_is_not_there_is_the_configurations(void **state)
{
	(void)state;
	menu_lst("title t\nroot (hd4,2)\nkernel /boot/k\n");
	assert_true(menu_entry_boots(entry(0)));
	assert_text(entry(0)->kernel->volume, "hd0,msdos1");
	assert_non_null(memfiles_said(&guest, REPORT_WARNING, "(hd4,2) does not exist"));
}

static void what_cannot_be_found_is_named(void **state)
{
	(void)state;
	menu_lst("title a\nuuid 1234\nkernel /boot/k\ntitle b\nkernel (fd0)/boot/k\n"
		 "title c\nkernel /boot/none\ntitle d\nkernel /boot/k\ninitrd /boot/none\n"
		 "title e\nkernel boot/k\ntitle f\nkernel /boot\n");
	assert_text(entry(0)->error, "no such device: 1234");
	assert_text(entry(1)->error, "no such device: (fd0)");
	assert_text(entry(2)->error, "kernel missing: /boot/none");
	assert_text(entry(3)->error, "initrd missing: /boot/none");
	assert_text(entry(4)->error, "not a path: boot/k");
	assert_text(entry(5)->error, "kernel is not a file: /boot");
	assert_non_null(memfiles_said(
		&guest, REPORT_WARNING, "entry 2: /boot/none not found on hd0,msdos1"));
}

static void other_systems_are_listed_but_do_not_boot(void **state)
{
	(void)state;
	menu_lst("title dos\nrootnoverify (hd0,1)\nchainloader +1\ntitle off\nhalt\n");
	assert_text(entry(0)->error, "no kernel: chainloader");
	assert_text(entry(0)->loader, "chainloader");
	assert_false(menu_entry_boots(entry(1)));
}

static void titles_without_a_known_command_vanish(void **state)
{
	(void)state;
	menu_lst("title nothing\ntitle only unknown\nfrobnicate /x\ntitle real\nkernel /boot/k\n"
		 "title last\n");
	assert_int_equal(guest.menu.entries, 1);
	assert_text(entry(0)->title, "real");
}

static void saved_is_the_number_in_the_file_default(void **state)
{
	(void)state;
	memfiles_add(&guest, "(hd0,msdos1)/boot/grub/default", "1\n#\n#\n");
	menu_lst("default saved\ntitle a\nkernel /boot/k a\ntitle b\nkernel /boot/k b\n");
	assert_ptr_equal(guest.menu.default_entry, entry(1));
	assert_text(guest.menu.default_reason, "default saved in (hd0,msdos1)/boot/grub/default");
}

static void a_default_out_of_range_is_the_first(void **state)
{
	(void)state;
	menu_lst("default 7\ntitle a\nkernel /boot/k\ntitle b\nkernel /boot/k\n");
	assert_ptr_equal(guest.menu.default_entry, entry(0));
}

static void fallback_counts_where_the_default_is_no_entry(void **state)
{
	(void)state;
	menu_lst("default 2\nfallback 1\ntitle a\nkernel /boot/k\ntitle b\nkernel /boot/k b\n");
	assert_ptr_equal(guest.menu.default_entry, entry(1));
	assert_text(guest.menu.default_reason, "fallback 1, default 2 cannot boot");
}

static void fallback_counts_only_where_the_default_cannot_boot(void **state)
{
	(void)state;
	menu_lst("default 0\nfallback 7 1 2\ntitle a\nkernel /boot/none\ntitle b\nkernel /none\n"
		 "title c\nkernel /boot/k\n");
	assert_ptr_equal(guest.menu.default_entry, entry(2));
	assert_text(guest.menu.default_reason, "fallback 2, default 0 cannot boot");
}

static void a_configfile_is_a_submenu(void **state)
{
	(void)state;
	memfiles_add(&guest, "(hd0,msdos1)/boot/grub/more.lst",
		"default 1\ntimeout 99\ntitle x\nkernel /boot/k x\ntitle y\nkernel /boot/k y\n");
	menu_lst("default 1\ntimeout 3\ntitle a\nkernel /boot/k a\n"
		 "title More\nconfigfile (hd0,0)/boot/grub/more.lst\ntitle z\nkernel /boot/k z\n");
	assert_int_equal(guest.menu.total, 5);
	assert_int_equal(guest.menu.entries, 4);
	assert_text(entry(2)->title, "y");
	assert_int_equal(entry(2)->depth, 2);
	assert_int_equal(entry(2)->path[0], 1);
	assert_int_equal(entry(2)->path[1], 1);
	assert_int_equal(entry(3)->path[0], 2);
	assert_ptr_equal(guest.menu.default_entry, entry(2));
	assert_int_equal(guest.menu.timeout_s, 3);
}

static void a_configfile_that_opens_itself_ends(void **state)
{
	(void)state;
	menu_lst("title a\nconfigfile /boot/grub/menu.lst\ntitle b\nkernel /boot/k\n"
		 "title c\nconfigfile /boot/grub/menu.lst\n");
	assert_true(guest.menu.total < 100);
	assert_text(entry(0)->error, "configfile /boot/grub/menu.lst: Too many levels of "
				     "symbolic links");
}

static void locked_entries_are_marked_and_the_password_kept(void **state)
{
	(void)state;
	menu_lst("password --md5 $1$abc$def\ntitle a\nlock\nkernel /boot/k\ntitle b\nkernel "
		 "/boot/k\n");
	assert_true(entry(0)->restricted);
	assert_false(entry(1)->restricted);
	assert_text(guest.menu.users->password.value, "$1$abc$def");
	assert_int_equal(guest.menu.users->password.kind, PASSWORD_MD5_CRYPT);
	assert_true(guest.menu.edit_restricted);
}

static void a_lock_without_a_password_locks_nothing(void **state)
{
	(void)state;
	menu_lst("title a\nlock\nkernel /boot/k\n");
	assert_false(entry(0)->restricted || guest.menu.edit_restricted);
}

static void an_entry_may_have_its_own_password(void **state)
{
	(void)state;
	menu_lst("password --encrypted $6$abc$def\ntitle a\npassword own x\nkernel /boot/k\n"
		 "title b\nlock\npassword own\nkernel /boot/k\n");
	assert_int_equal(guest.menu.users->password.kind, PASSWORD_OTHER);
	assert_true(entry(0)->restricted && entry(1)->restricted);
	assert_text(entry(0)->password.value, "own");
	assert_int_equal(entry(0)->password.kind, PASSWORD_PLAIN);
	/* What is locked opens with the password of all. */
	assert_int_equal(entry(1)->password.value.len, 0);
	assert_text(entry(0)->script, "title a\npassword\nkernel /boot/k");
}

static void too_many_entries_keep_the_first(void **state)
{
	(void)state;
	guest.limits.max_entries = 2;
	menu_lst("title a\nkernel /boot/k\ntitle b\nkernel /boot/k\ntitle c\nkernel /boot/k\n");
	assert_int_equal(guest.menu.entries, 2);
	assert_non_null(memfiles_said(&guest, REPORT_WARNING, "more than 2 entries"));
}

static void it_is_told_from_grub_2(void **state)
{
	(void)state;
	assert_true(parser_legacy.recognise(TEXT("# x\ntitle a\nkernel /k\n")));
	assert_true(parser_legacy.recognise(TEXT("title=a\nkernel=/k\n")));
	assert_false(parser_legacy.recognise(TEXT("menuentry 'title' {\nlinux /k\n}\n")));
	assert_false(parser_legacy.recognise(TEXT("kernel /k\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_entry_has_kernel_initrd_and_command_line),
		TEST(tabs_equal_signs_and_joined_lines_are_read_as_grub_does),
		TEST(options_before_the_kernel_are_not_its_file),
		TEST(modules_make_the_kernel_a_hypervisor),
		TEST(partitions_count_from_zero),
		TEST(a_partition_that_is_not_there_is_the_configurations),
		TEST(what_cannot_be_found_is_named),
		TEST(other_systems_are_listed_but_do_not_boot),
		TEST(titles_without_a_known_command_vanish),
		TEST(saved_is_the_number_in_the_file_default),
		TEST(a_default_out_of_range_is_the_first),
		TEST(fallback_counts_where_the_default_is_no_entry),
		TEST(fallback_counts_only_where_the_default_cannot_boot),
		TEST(a_configfile_is_a_submenu),
		TEST(a_configfile_that_opens_itself_ends),
		TEST(locked_entries_are_marked_and_the_password_kept),
		TEST(a_lock_without_a_password_locks_nothing),
		TEST(an_entry_may_have_its_own_password),
		TEST(too_many_entries_keep_the_first),
		TEST(it_is_told_from_grub_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
