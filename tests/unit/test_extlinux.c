/* extlinux, syslinux, isolinux: menus as SYSLINUX's own menu and core see them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/strbuf.h"
#include "parsers/boot/table.h"
#include "tests/support/parsing.h"

static int setup(void **state)
{
	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/k", "kernel");
	memfiles_add(&guest, "(hd0,msdos1)/boot/i", "initrd");
	memfiles_add(&guest, "(hd0,msdos1)/boot/ucode", "microcode");
	memfiles_add(&guest, "(hd0,msdos1)/boot/xen.gz", "xen");
	memfiles_add(&guest, "(hd0,msdos1)/boot/extlinux/near", "kernel");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memfiles_done(&guest);
	return 0;
}

static void extlinux_conf(const char *config)
{
	parse(&parser_extlinux, "(hd0,msdos1)/boot/extlinux/extlinux.conf", config);
}

static void keywords_ignore_case_and_blanks(void **state)
{
	(void)state;
	extlinux_conf("# comment\r\n  Default one\r\nTIMEOUT 101\nlabel one\r\n"
		      "  Menu Label ^First of all\r\n\tKERNEL /boot/k quiet  splash\n"
		      "\tappend root=/dev/sda1  ro\n initrd /boot/i,/boot/ucode\n");
	assert_int_equal(guest.menu.entries, 1);
	assert_text(entry(0)->title, "First of all");
	assert_text(entry(0)->id, "one");
	assert_boots(0, "/boot/k", "quiet  splash root=/dev/sda1  ro");
	assert_text(entry(0)->initrds->path, "/boot/i");
	assert_text(entry(0)->initrds->next->path, "/boot/ucode");
	assert_int_equal(guest.menu.timeout_s, 11);
	assert_ptr_equal(guest.menu.default_entry, entry(0));
	assert_int_equal(entry(0)->config_line, 4);
	assert_text(entry(0)->config, "(hd0,msdos1)/boot/extlinux/extlinux.conf");
}

static void on_btrfs_paths_begin_at_the_subvolume_of_the_loader(void **state)
{
	struct volume_info *info = memfiles_volume(&guest, "hd0,msdos2", NULL, NULL);

	(void)state;
	info->fs_name = TEXT("btrfs");
	memfiles_add(&guest, "(hd0,msdos2)/@rootfs/boot/k", "kernel");
	memfiles_add(&guest, "(hd0,msdos2)/@rootfs/k", "kernel");
	memfiles_add(&guest, "(hd0,msdos2)/boot/k", "another one");
	memfiles_add(&guest, "(hd0,msdos2)/@rootfs/boot/more.cfg", "LABEL c\nKERNEL /k\n");
	parse(&parser_extlinux, "(hd0,msdos2)/@rootfs/boot/extlinux/extlinux.conf",
		"LABEL a\nKERNEL /boot/k\nLABEL b\nKERNEL ../../k\nINCLUDE //boot/more.cfg\n");
	assert_boots(0, "/@rootfs/boot/k", "");
	assert_boots(1, "/@rootfs/k", "");
	assert_boots(2, "/@rootfs/k", "");
}

static void an_own_append_replaces_the_common_one(void **state)
{
	(void)state;
	extlinux_conf("APPEND common=1\nLABEL a\nKERNEL /boot/k\nLABEL b\nKERNEL /boot/k\n"
		      "APPEND own=1\nLABEL c\nKERNEL /boot/k\nAPPEND -\n");
	assert_boots(0, "/boot/k", "common=1");
	assert_boots(1, "/boot/k", "own=1");
	assert_boots(2, "/boot/k", "");
}

static void the_first_initrd_in_append_goes_before_a_line_of_its_own(void **state)
{
	(void)state;
	extlinux_conf("LABEL a\nLINUX /boot/k\nAPPEND root=x initrd=../ucode,../i ro initrd=z\n"
		      "LABEL b\nLINUX /boot/k\nINITRD /boot/ucode\nAPPEND initrd=/boot/i ro\n"
		      "LABEL c\nLINUX /boot/k\nAPPEND ro\nINITRD /boot/i\n");
	assert_boots(0, "/boot/k", "root=x ro");
	assert_text(entry(0)->initrds->path, "/boot/ucode");
	assert_text(entry(0)->initrds->next->path, "/boot/i");
	assert_boots(1, "/boot/k", "ro");
	assert_text(entry(1)->initrds->path, "/boot/i");
	assert_null(entry(1)->initrds->next);
	assert_text(entry(2)->initrds->path, "/boot/i");
}

static void paths_begin_at_the_folder_of_the_configuration(void **state)
{
	(void)state;
	extlinux_conf("LABEL a\nKERNEL near\nLABEL near\nLABEL c\nKERNEL ./../k\n");
	assert_boots(0, "/boot/extlinux/near", "");
	assert_boots(1, "/boot/extlinux/near", "");
	assert_boots(2, "/boot/k", "");
}

static void dots_over_a_link_are_not_folded(void **state)
{
	(void)state;
	memfiles_add(&guest, "(hd0,msdos1)/other/deep/x", "");
	memfiles_add(&guest, "(hd0,msdos1)/other/k2", "kernel");
	memfiles_link(&guest, "(hd0,msdos1)/boot/extlinux/link", "/other/deep");
	extlinux_conf("LABEL a\nKERNEL link/../k2\n");
	assert_boots(0, "/boot/extlinux/link/../k2", "");
}

static void other_kinds_are_listed_but_do_not_boot(void **state)
{
	(void)state;
	extlinux_conf("LABEL a\nKERNEL chain.c32\nLABEL b\nLOCALBOOT 0\nLABEL c\nCOM32 hdt.c32\n"
		      "LABEL d\nKERNEL memdisk.img\nLABEL e\nMENU QUIT\nLABEL f\nFDIMAGE /f.img\n");
	assert_text(entry(0)->error, "no kernel: chain.c32");
	assert_text(entry(1)->error, "no Linux kernel: localboot 0");
	assert_text(entry(2)->error, "no kernel: hdt.c32");
	assert_text(entry(3)->error, "no Linux kernel: kernel memdisk.img");
	assert_text(entry(4)->error, "no kernel: menu quit");
	assert_text(entry(5)->error, "no Linux kernel: fdimage /f.img");
}

static void refuses_more_initrds_than_it_takes(void **state)
{
	_strbuf_ struct strbuf text = {0};

	(void)state;
	strbuf_adds(&text, "LABEL a\nLINUX /boot/k\nINITRD /boot/i");
	for (int i = 0; i < MAX_INITRDS; i++)
		strbuf_adds(&text, ",/boot/i");
	strbuf_adds(&text, "\n");
	extlinux_conf(text.at);
	assert_text(entry(0)->error, "more than 64 files for an initrd");
}

static void mboot_loads_a_hypervisor_and_modules(void **state)
{
	(void)state;
	extlinux_conf("LABEL xen\nKERNEL mboot.c32\n"
		      "APPEND ../xen.gz dom0_mem=1G --- ../k root=/dev/sda1 ro --- ../i\n");
	assert_boots(0, "/boot/k", "root=/dev/sda1 ro");
	assert_text(entry(0)->hypervisor->path, "/boot/xen.gz");
	assert_text(entry(0)->hypervisor->cmdline, "dom0_mem=1G");
	assert_text(entry(0)->initrds->path, "/boot/i");
	assert_text(entry(0)->modules->next->path, "/boot/i");
}

static void linux_c32_starts_what_it_is_given(void **state)
{
	(void)state;
	extlinux_conf("LABEL a\nKERNEL linux.c32 /boot/k quiet\nAPPEND ro\n"
		      "LABEL b\nCOM32 linux.c32\nAPPEND /boot/k initrd=/boot/i ro\n");
	assert_boots(0, "/boot/k", "quiet ro");
	assert_boots(1, "/boot/k", "ro");
	assert_text(entry(1)->initrds->path, "/boot/i");
}

static void menus_nest(void **state)
{
	(void)state;
	extlinux_conf(
		"UI menu.c32\nLABEL a\nKERNEL /boot/k\nMENU BEGIN adv\nMENU TITLE Advanced\n"
		"LABEL b\nKERNEL /boot/k b\nMENU BEGIN deep\nMENU LABEL ^Deep\nMENU TITLE No\n"
		"LABEL c\nKERNEL /boot/k c\nMENU END\nMENU END\nLABEL d\nKERNEL /boot/k d\n");
	assert_int_equal(guest.menu.total, 6);
	assert_true(line(1)->submenu);
	assert_text(line(1)->title, "Advanced");
	assert_text(line(1)->id, "adv");
	assert_text(line(3)->title, "Deep");
	assert_int_equal(line(4)->depth, 3);
	assert_int_equal(line(4)->path[0], 1);
	assert_int_equal(line(4)->path[1], 1);
	assert_int_equal(line(4)->path[2], 0);
	assert_int_equal(line(5)->path[0], 2);
	assert_boots(3, "/boot/k", "d");
}

static void an_include_reads_on_as_if_it_stood_here(void **state)
{
	(void)state;
	memfiles_add(&guest, "(hd0,msdos1)/boot/extlinux/more.cfg",
		"APPEND from=include\nLABEL b\nKERNEL /boot/k\n");
	extlinux_conf("LABEL a\nKERNEL /boot/k\nINCLUDE more.cfg\nAPPEND b=1\n"
		      "MENU INCLUDE more.cfg Sub menu\nINCLUDE none.cfg\n");
	assert_boots(0, "/boot/k", "from=include");
	assert_boots(1, "/boot/k", "b=1");
	assert_boots(2, "/boot/k", "from=include");
	assert_text(line(2)->title, "Sub menu");
	assert_int_equal(line(3)->depth, 2);
	assert_non_null(memfiles_said(&guest, REPORT_WARNING, "include none.cfg: No such file"));
	assert_text(entry(0)->script, "LABEL a\nKERNEL /boot/k");
}

static void a_file_that_includes_itself_ends(void **state)
{
	(void)state;
	extlinux_conf("LABEL a\nINCLUDE extlinux.conf\nKERNEL /boot/k\nINCLUDE extlinux.conf\n");
	assert_true(guest.menu.total <= 2 * 1024);
	assert_non_null(memfiles_said(&guest, REPORT_WARNING, "include extlinux.conf"));
}

static void a_label_read_twice_keeps_its_own_lines(void **state)
{
	(void)state;
	memfiles_add(&guest, "(hd0,msdos1)/boot/extlinux/x", "KERNEL /boot/k\n");
	extlinux_conf("LABEL a\nINCLUDE x\nINCLUDE x\n");
	assert_text(entry(0)->script, "LABEL a\nINCLUDE x\nINCLUDE x");
}

static void menu_default_counts_where_default_names_the_menu(void **state)
{
	(void)state;
	extlinux_conf("DEFAULT vesamenu.c32\nLABEL a\nKERNEL /boot/k\nLABEL b\nMENU DEFAULT\n"
		      "KERNEL /boot/k\n");
	assert_ptr_equal(guest.menu.default_entry, entry(1));
	assert_text(guest.menu.default_reason, "menu default");
}

static void default_names_a_label_before_menu_default_does(void **state)
{
	(void)state;
	extlinux_conf("UI menu.c32\nDEFAULT a b c\nLABEL x\nMENU DEFAULT\nKERNEL /boot/k\n"
		      "LABEL a\nKERNEL /boot/k\nLABEL a b c\nKERNEL /boot/k\n");
	assert_ptr_equal(guest.menu.default_entry, entry(2));
	assert_text(guest.menu.default_reason, "default");
}

static void default_in_a_submenu_is_found(void **state)
{
	(void)state;
	extlinux_conf("UI menu.c32\nLABEL a\nKERNEL /boot/k\nMENU BEGIN s\nMENU DEFAULT\n"
		      "LABEL b\nKERNEL /boot/k\nLABEL c\nMENU DEFAULT\nKERNEL /boot/k\nMENU END\n");
	assert_ptr_equal(guest.menu.default_entry, entry(2));
}

static void ontimeout_boots_where_there_is_a_timeout(void **state)
{
	(void)state;
	extlinux_conf("UI menu.c32\nTIMEOUT 50\nONTIMEOUT b\nDEFAULT a\nLABEL a\nKERNEL /boot/k\n"
		      "LABEL b\nKERNEL /boot/k\n");
	assert_ptr_equal(guest.menu.default_entry, entry(1));
	assert_text(guest.menu.default_reason, "ontimeout");
	assert_int_equal(guest.menu.timeout_s, 5);
}

static void ontimeout_means_nothing_without_a_timeout(void **state)
{
	(void)state;
	extlinux_conf("UI menu.c32\nONTIMEOUT b\nDEFAULT a\nLABEL a\nKERNEL /boot/k\n"
		      "LABEL b\nKERNEL /boot/k\n");
	assert_ptr_equal(guest.menu.default_entry, entry(0));
	assert_int_equal(guest.menu.timeout_s, -1);
}

static void ontimeout_means_nothing_where_nobody_is_asked(void **state)
{
	(void)state;
	extlinux_conf("TIMEOUT 50\nONTIMEOUT b\nDEFAULT a\nLABEL a\nKERNEL /boot/k\n"
		      "LABEL b\nKERNEL /boot/k\n");
	assert_ptr_equal(guest.menu.default_entry, entry(0));
}

static void ontimeout_boots_where_the_prompt_waits(void **state)
{
	(void)state;
	extlinux_conf("PROMPT 1\nTIMEOUT 50\nONTIMEOUT b\nDEFAULT a\nLABEL a\nKERNEL /boot/k\n"
		      "LABEL b\nKERNEL /boot/k\n");
	assert_ptr_equal(guest.menu.default_entry, entry(1));
}

static void a_default_with_arguments_is_an_entry_of_its_own(void **state)
{
	(void)state;
	extlinux_conf("DEFAULT a single\nAPPEND ro\nLABEL a\nKERNEL /boot/k\n"
		      "LABEL b\nKERNEL /boot/k\n");
	assert_int_equal(guest.menu.entries, 3);
	assert_ptr_equal(guest.menu.default_entry, entry(2));
	assert_text(entry(2)->title, "a single");
	assert_boots(2, "/boot/k", "ro single");
	assert_boots(0, "/boot/k", "ro");
}

static void a_menu_marks_the_label_that_default_begins_with(void **state)
{
	(void)state;
	extlinux_conf("UI menu.c32\nDEFAULT b single\nLABEL a\nKERNEL /boot/k\n"
		      "LABEL b\nKERNEL /boot/k\nAPPEND ro\n");
	assert_int_equal(guest.menu.entries, 2);
	assert_ptr_equal(guest.menu.default_entry, entry(1));
	assert_boots(1, "/boot/k", "ro");
}

static void a_menu_means_labels_of_several_words_as_a_whole(void **state)
{
	(void)state;
	extlinux_conf("UI menu.c32\nDEFAULT Linux (5.10)\nLABEL Linux (6.1)\nKERNEL /boot/k\n"
		      "LABEL Linux (5.10)\nKERNEL /boot/k old\n");
	assert_int_equal(guest.menu.entries, 2);
	assert_ptr_equal(guest.menu.default_entry, entry(1));
}

static void the_core_compares_first_words_of_labels(void **state)
{
	(void)state;
	extlinux_conf("DEFAULT Linux (5.10)\nLABEL Linux (6.1)\nKERNEL /boot/k\n"
		      "LABEL Linux (5.10)\nKERNEL /boot/k old\n");
	assert_int_equal(guest.menu.entries, 3);
	assert_ptr_equal(guest.menu.default_entry, entry(2));
	assert_boots(2, "/boot/k", "(5.10)");
}

static void a_label_without_a_name_is_not_what_no_default_means(void **state)
{
	(void)state;
	extlinux_conf("UI menu.c32\nLABEL a\nMENU DEFAULT\nKERNEL /boot/k\n"
		      "LABEL\nKERNEL /boot/k\n");
	assert_ptr_equal(guest.menu.default_entry, entry(0));
	assert_text(guest.menu.default_reason, "menu default");
}

static void ontimeout_boots_where_default_names_nothing(void **state)
{
	(void)state;
	extlinux_conf("TIMEOUT 10\nONTIMEOUT /boot/k late=1\nDEFAULT gone\nLABEL a\n"
		      "KERNEL /boot/k\n");
	assert_ptr_equal(guest.menu.default_entry, entry(1));
	assert_boots(1, "/boot/k", "late=1");
	assert_text(guest.menu.default_reason, "ontimeout");
}

static void a_default_that_names_nothing_is_told(void **state)
{
	(void)state;
	extlinux_conf("DEFAULT gone\nLABEL a\nKERNEL /boot/k\n");
	assert_null(guest.menu.default_entry);
	assert_text(guest.menu.default_reason, "the default names nothing");
	assert_non_null(memfiles_said(&guest, REPORT_WARNING, "default \"gone\" names neither"));
	assert_non_null(memfiles_said(&guest, REPORT_WARNING, "waits at its prompt"));
}

static void hidden_labels_show_only_where_default_needs_them(void **state)
{
	(void)state;
	extlinux_conf("DEFAULT h\nLABEL a\nKERNEL /boot/k\nLABEL h\nMENU HIDE\nKERNEL /boot/k h\n"
		      "LABEL g\nMENU HIDE\nKERNEL /boot/k g\n");
	assert_int_equal(guest.menu.entries, 2);
	assert_ptr_equal(guest.menu.default_entry, entry(1));
	assert_boots(1, "/boot/k", "h");
}

static void separators_and_disabled_lines_are_no_entries(void **state)
{
	(void)state;
	extlinux_conf("UI menu.c32\nLABEL h\nMENU LABEL Heading\nMENU DISABLE\nLABEL a\nKERNEL "
		      "/boot/k\nMENU SEPARATOR\nLABEL b\nKERNEL /boot/k\n");
	assert_int_equal(guest.menu.entries, 2);
	assert_int_equal(entry(1)->path[0], 1);
}

static void help_text_is_not_configuration(void **state)
{
	(void)state;
	extlinux_conf("LABEL a\nKERNEL /boot/k\nTEXT HELP\nLABEL x\nKERNEL /boot/x\nENDTEXT\n"
		      "APPEND a=1\n");
	assert_int_equal(guest.menu.entries, 1);
	assert_boots(0, "/boot/k", "a=1");
}

static void default_without_labels_is_a_command_line(void **state)
{
	(void)state;
	extlinux_conf("DEFAULT /boot/k root=/dev/sda1\nAPPEND only=labels\n");
	assert_boots(0, "/boot/k", "root=/dev/sda1");
	assert_ptr_equal(guest.menu.default_entry, entry(0));
}

static void a_missing_file_is_named(void **state)
{
	(void)state;
	extlinux_conf("LABEL a\nKERNEL none\nLABEL b\nLINUX /boot/k\nINITRD /boot/i,/none\n");
	assert_text(entry(0)->error, "kernel missing: /boot/extlinux/none");
	assert_text(entry(1)->error, "initrd missing: /none");
	assert_non_null(
		memfiles_said(&guest, REPORT_WARNING, "entry 1: /none not found on hd0,msdos1"));
}

static void passwords_are_kept_and_not_shown(void **state)
{
	(void)state;
	extlinux_conf("MENU MASTER PASSWD $1$abc$def\nLABEL a\nMENU PASSWD own\nLINUX /boot/k\n"
		      "LABEL b\nmenu passwd\nLINUX /boot/k\nLABEL c\nLINUX /boot/k\n");
	assert_text(guest.menu.users->password.value, "$1$abc$def");
	assert_int_equal(guest.menu.users->password.kind, PASSWORD_MD5_CRYPT);
	assert_true(guest.menu.edit_restricted);
	assert_text(entry(0)->password.value, "own");
	assert_text(entry(0)->script, "LABEL a\nMENU PASSWD\nLINUX /boot/k");
	assert_true(entry(1)->restricted && !entry(1)->password.value.len);
	assert_false(entry(2)->restricted);
}

static void devicetrees_are_for_arm_kernels(void **state)
{
	char kernel[64] = {0};

	(void)state;
	memset(kernel, ' ', sizeof(kernel) - 1);
	memcpy(kernel + 0x38, "ARM\x64", 4);
	memfiles_add(&guest, "(hd0,msdos1)/boot/Image", kernel);
	extlinux_conf("LABEL a\nLINUX /boot/Image\nFDT /boot/x.dtb\nFDTDIR /boot/dtbs\n"
		      "LABEL b\nLINUX /boot/k\nFDT /boot/x.dtb\n");
	assert_text(entry(0)->devicetree->path, "/boot/x.dtb");
	assert_null(entry(1)->devicetree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keywords_ignore_case_and_blanks),
		TEST(on_btrfs_paths_begin_at_the_subvolume_of_the_loader),
		TEST(an_own_append_replaces_the_common_one),
		TEST(the_first_initrd_in_append_goes_before_a_line_of_its_own),
		TEST(paths_begin_at_the_folder_of_the_configuration),
		TEST(dots_over_a_link_are_not_folded),
		TEST(other_kinds_are_listed_but_do_not_boot),
		TEST(refuses_more_initrds_than_it_takes),
		TEST(mboot_loads_a_hypervisor_and_modules),
		TEST(linux_c32_starts_what_it_is_given),
		TEST(menus_nest),
		TEST(an_include_reads_on_as_if_it_stood_here),
		TEST(a_file_that_includes_itself_ends),
		TEST(a_label_read_twice_keeps_its_own_lines),
		TEST(menu_default_counts_where_default_names_the_menu),
		TEST(default_names_a_label_before_menu_default_does),
		TEST(default_in_a_submenu_is_found),
		TEST(ontimeout_boots_where_there_is_a_timeout),
		TEST(ontimeout_means_nothing_without_a_timeout),
		TEST(ontimeout_means_nothing_where_nobody_is_asked),
		TEST(ontimeout_boots_where_the_prompt_waits),
		TEST(a_default_with_arguments_is_an_entry_of_its_own),
		TEST(a_menu_marks_the_label_that_default_begins_with),
		TEST(a_menu_means_labels_of_several_words_as_a_whole),
		TEST(the_core_compares_first_words_of_labels),
		TEST(a_label_without_a_name_is_not_what_no_default_means),
		TEST(ontimeout_boots_where_default_names_nothing),
		TEST(a_default_that_names_nothing_is_told),
		TEST(hidden_labels_show_only_where_default_needs_them),
		TEST(separators_and_disabled_lines_are_no_entries),
		TEST(help_text_is_not_configuration),
		TEST(default_without_labels_is_a_command_line),
		TEST(a_missing_file_is_named),
		TEST(passwords_are_kept_and_not_shown),
		TEST(devicetrees_are_for_arm_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
