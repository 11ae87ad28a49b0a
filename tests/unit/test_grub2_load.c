/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/grubtest.h"

#include <stdio.h>

static void quotes_the_command_line_as_grub_does(void **state)
{
	struct memfiles *guest = grubtest(
		"x='a  b'\nmenuentry a { linux /boot/k dyndbg=\"file x +p\" it\\'s back\\\\slash "
		"\"q\\\"\" "
		"'' $x \"$x\" $none end; }\n"
		"menuentry b { linux /boot/k \"new\nline\"; }\nmenuentry c { linux /boot/k; }\n"
		"menuentry d { linux /boot/k root=/dev/xvda1   ro\tquiet; }\n");

	(void)state;
	assert_text(grubtest_entry(guest, "0")->cmdline,
		"\"dyndbg=file x +p\" it\\'s back\\\\slash q\\\"  a b \"a  b\" end");
	assert_text(grubtest_entry(guest, "1")->cmdline, "new\nline");
	assert_text(grubtest_entry(guest, "2")->cmdline, "");
	assert_text(grubtest_entry(guest, "3")->cmdline, "root=/dev/xvda1 ro quiet");
	grubtest_done(guest);
}

static void takes_all_of_linux_commands(void **state)
{
	struct memfiles *guest =
		grubtest("menuentry a { linux16 /boot/k a; initrd16 /boot/i; }\n"
			 "menuentry b { linuxefi /boot/k b; initrdefi /boot/i; }\n");

	(void)state;
	assert_text(grubtest_entry(guest, "0")->loader, "linux16");
	assert_files(grubtest_entry(guest, "0")->initrds, "/boot/i");
	assert_text(grubtest_entry(guest, "1")->loader, "linuxefi");
	assert_true(menu_entry_boots(grubtest_entry(guest, "1")));
	grubtest_done(guest);
}

static void joins_several_initrds_in_order(void **state)
{
	struct memfiles *guest =
		grubtest("menuentry a { linux /boot/k; initrd /boot/i2 (hd0,1)/boot/i; }\n"
			 "menuentry b { linux /boot/k; initrd newc:/etc/x:/boot/i newc:y:/boot/i2 "
			 "/boot/i; }\n"
			 "menuentry c { linux /boot/k; initrd /boot/i; initrd /boot/i2; }\n"
			 "menuentry d { linux /boot/k a; initrd /boot/i; linux /boot/k b; }\n");

	(void)state;
	assert_files(grubtest_entry(guest, "0")->initrds, "/boot/i2 /boot/i");
	assert_files(grubtest_entry(guest, "1")->initrds, "etc/x=/boot/i y=/boot/i2 /boot/i");
	assert_files(grubtest_entry(guest, "2")->initrds, "/boot/i2");
	assert_files(grubtest_entry(guest, "3")->initrds, "");
	assert_text(grubtest_entry(guest, "3")->cmdline, "b");
	grubtest_done(guest);
}

/* What is left out may be what counts: such an entry must not boot. */
static void refuses_more_files_than_it_takes(void **state)
{
	_strbuf_ struct strbuf text = {0};
	struct memfiles *guest;

	(void)state;
	strbuf_adds(&text, "menuentry a { linux /boot/k; initrd");
	for (int i = 0; i <= MAX_INITRDS; i++)
		strbuf_adds(&text, " /boot/i");
	strbuf_adds(&text, "; }\nmenuentry b { multiboot /boot/k");
	for (int i = 0; i <= MAX_MODULES; i++)
		strbuf_adds(&text, "; module /boot/i");
	strbuf_adds(&text, "; }\n");
	guest = grubtest(text.at);
	assert_text(grubtest_entry(guest, "0")->error, "more than 64 files for an initrd");
	assert_text(grubtest_entry(guest, "1")->error, "more than 64 modules");
	grubtest_done(guest);
}

static void boots_without_a_missing_initrd_but_not_with_fedora(void **state)
{
	static const char config[] = "menuentry a { linux /boot/k; initrd /boot/i /boot/none; }\n"
				     "menuentry b { linux /boot/k; initrd /boot/none; true; }\n"
				     "menuentry c { initrd /boot/i; linux /boot/k; }\n";
	struct memfiles *guest = grubtest(config);

	(void)state;
	assert_true(menu_entry_boots(grubtest_entry(guest, "0")));
	assert_files(grubtest_entry(guest, "0")->initrds, "");
	assert_warns(guest, "entry 0: /boot/none not found on hd0,msdos1");
	assert_warns(guest, "entry 0 boots without it: initrd missing: /boot/none");
	assert_true(menu_entry_boots(grubtest_entry(guest, "2")));
	grubtest_done(guest);
	guest = grubtest_fedora(config);
	assert_false(menu_entry_boots(grubtest_entry(guest, "0")));
	assert_text(grubtest_entry(guest, "0")->error, "initrd missing: /boot/none");
	assert_true(menu_entry_boots(grubtest_entry(guest, "1")));
	grubtest_done(guest);
}

static void keeps_a_kernel_when_a_second_one_is_missing(void **state)
{
	struct memfiles *guest =
		grubtest("menuentry a { linux /boot/k a; linux /boot/none b; initrd /boot/i; }\n");

	(void)state;
	assert_text(grubtest_entry(guest, "0")->cmdline, "a");
	assert_files(grubtest_entry(guest, "0")->initrds, "");
	grubtest_done(guest);
}

static void shows_what_runs_under_a_hypervisor(void **state)
{
	struct memfiles guest;
	const struct menu_entry *entry;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/xen.gz", "xen");
	grubtest_run(&guest,
		"menuentry a {\n\tmultiboot2 /boot/xen.gz placeholder dom0_mem=1G ${xen_rm_opts}\n"
		"\tmodule2 /boot/k placeholder root=/dev/sda1 ro\n\tmodule2 --nounzip /boot/i\n}\n"
		"menuentry b { multiboot --quirk-modules-after-kernel /boot/xen.gz 'x y'; }\n"
		"menuentry c { module /boot/k; multiboot /boot/xen.gz; }\n"
		"menuentry d { multiboot /boot/none; module /boot/k; }\n"
		"menuentry e { xen_hypervisor /boot/xen.gz; xen_module /boot/k a; }\n");
	entry = grubtest_entry(&guest, "0");
	assert_text(entry->loader, "multiboot2");
	assert_files(entry->hypervisor, "/boot/xen.gz");
	assert_text(entry->hypervisor->cmdline, "placeholder dom0_mem=1G");
	assert_files(entry->modules, "/boot/k /boot/i");
	assert_text(entry->modules->cmdline, "placeholder root=/dev/sda1 ro");
	assert_files(entry->kernel, "/boot/k");
	assert_files(entry->initrds, "/boot/i");
	assert_text(entry->cmdline, "placeholder root=/dev/sda1 ro");
	assert_true(menu_entry_boots(entry));
	entry = grubtest_entry(&guest, "1");
	assert_files(entry->kernel, "/boot/xen.gz");
	assert_text(entry->cmdline, "\"x y\"");
	assert_files(grubtest_entry(&guest, "2")->modules, "");
	assert_warns(&guest, "module: no hypervisor is loaded");
	assert_text(grubtest_entry(&guest, "3")->error, "hypervisor missing: /boot/none");
	assert_files(grubtest_entry(&guest, "4")->kernel, "/boot/k");
	memfiles_done(&guest);
}

static void shows_a_devicetree(void **state)
{
	struct memfiles *guest =
		grubtest("menuentry a { linux /boot/k; devicetree /boot/i; }\n"
			 "menuentry b { devicetree /boot/none; linux /boot/k; }\n");

	(void)state;
	assert_files(grubtest_entry(guest, "0")->devicetree, "/boot/i");
	assert_null(grubtest_entry(guest, "1")->devicetree);
	assert_true(menu_entry_boots(grubtest_entry(guest, "1")));
	grubtest_done(guest);
}

static void knows_the_platform(void **state)
{
	static const char config[] =
		"if [ \"$grub_platform\" = efi ]; then\nmenuentry fw { fwsetup; }\nfi\n"
		"menuentry \"$grub_platform $grub_cpu\" { linux /boot/k; }\n";
	struct memfiles guest;

	(void)state;
	assert_shows(config, "xen x86_64");
	memfiles_init(&guest);
	guest.settings.platform = TEXT("efi");
	grubtest_run(&guest, config);
	assert_titles(&guest, "fw|efi x86_64");
	assert_text(grubtest_entry(&guest, "0")->error, "no kernel: fwsetup");
	memfiles_done(&guest);
}

/* ---- test and [ --------------------------------------------------------------------------- */

/* Expressions parted by ";": each must be `expected` by test and by [. */
static void check_tests(const char *expressions, const char *expected)
{
	struct text list = text_of(expressions), one;

	while (text_cut(&list, ';', &one)) {
		struct memfiles guest;
		char config[400];

		snprintf(config, sizeof(config),
			"test %.*s; a=$?; [ %.*s ]; menuentry \"$a$?\" { true; }\n", TEXT_ARG(one),
			TEXT_ARG(one));
		memfiles_init(&guest);
		memfiles_add(&guest, "(hd0,msdos1)/boot/empty", "");
		memfiles_add(&guest, "(hd0,msdos1)/k2", "x");
		memfiles_add(&guest, "(hd0,msdos1)/boot/old", "x");
		memfiles_mtime(&guest, "(hd0,msdos1)/boot/old", 100);
		memfiles_add(&guest, "(hd0,msdos1)/boot/new", "x");
		memfiles_mtime(&guest, "(hd0,msdos1)/boot/new", 110);
		grubtest_run(&guest, config);
		if (!text_is(grubtest_entry(&guest, "0")->title, expected))
			fail_msg("[ %.*s ] gives %.*s", TEXT_ARG(one),
				TEXT_ARG(guest.menu.first->title));
		memfiles_done(&guest);
	}
}

static void tests_as_grub_does(void **state)
{
	(void)state;
	check_tests("a = a;a == a;a != b;a '<' b;a '<=' a;b '>' a;b '>=' b;1 -eq 1;0x10 -eq 16;"
		    "010 -eq 8;1 -lt 2;-1 -lt 0;2 -gt 1;2 -ge 2;1 -le 1;1 -ne 2;a10 -pgt a2;"
		    "a2 -plt a10;-n a;a;! \"\";( a );( a = b ) -o a;a -a b;a -o a = b;"
		    "a = b -o a = a;! ( a = b );! ! a;-n;-z;=;a =;-d /;-e /boot/k;-f /boot/k;"
		    "-s /boot/k;-e /boot;-d (hd0,msdos1);-e k2;-z \"\";( a;a );"
		    "/boot/new -nt /boot/old;/boot/old -ot /boot/new;/boot/old -nt20 /boot/new;"
		    "/boot/k -nt /none;-d /boot/;-f;a b;a -eq b",
		"00");
	check_tests("a = b;a != a;b '<' a;a '>' b;1 -eq 2;1 -le 0;1 -ne 1;a2 -pgt a10;-z a;\"\";"
		    "! a;a = b -a a;a = b -o b = a;-e /nope;-f /;-s /;-d /boot/k;-s /boot/empty;"
		    "-f /nope;-d (hd9);-e (hd9)/x;! a = a;/boot/old -nt /boot/new;"
		    "/none -nt /boot/k;-a a = b;( a = b ) a",
		"11");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_the_command_line_as_grub_does),
		cmocka_unit_test(takes_all_of_linux_commands),
		cmocka_unit_test(joins_several_initrds_in_order),
		cmocka_unit_test(refuses_more_files_than_it_takes),
		cmocka_unit_test(boots_without_a_missing_initrd_but_not_with_fedora),
		cmocka_unit_test(keeps_a_kernel_when_a_second_one_is_missing),
		cmocka_unit_test(shows_what_runs_under_a_hypervisor),
		cmocka_unit_test(shows_a_devicetree),
		cmocka_unit_test(knows_the_platform),
		cmocka_unit_test(tests_as_grub_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
