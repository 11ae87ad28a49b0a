/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/grubtest.h"

static void shows_an_entry_as_written(void **state)
{
	struct memfiles *guest = grubtest("set a=b\n"
					  "menuentry 'Debian' --class debian --id deb-1 {\n"
					  "\t# a comment\n"
					  "\tlinux /boot/k root=/dev/xvda1 ro\n"
					  "\tinitrd /boot/i\n"
					  "}\n");
	const struct menu_entry *entry = grubtest_entry(guest, "0");

	(void)state;
	assert_text(entry->title, "Debian");
	assert_text(entry->id, "deb-1");
	assert_text(entry->config, "(hd0,msdos1)/boot/grub/grub.cfg");
	assert_int_equal(entry->config_line, 2);
	assert_text(entry->script, "menuentry 'Debian' --class debian --id deb-1 {\n\t# a comment\n"
				   "\tlinux /boot/k root=/dev/xvda1 ro\n\tinitrd /boot/i\n}");
	assert_text(entry->loader, "linux");
	assert_text(entry->cmdline, "root=/dev/xvda1 ro");
	assert_files(entry->kernel, "/boot/k");
	assert_files(entry->initrds, "/boot/i");
	assert_true(menu_entry_boots(entry));
	assert_int_equal(entry->index, 0);
	assert_text(guest->menu.loader, "grub2");
	assert_text(guest->menu.flavour, "debian");
	assert_text(guest->menu.config_path, "/boot/grub/grub.cfg");
	assert_text(guest->menu.config_volume, "hd0,msdos1");
	assert_no_warning(guest);
	grubtest_done(guest);
}

static void numbers_entries_and_submenus(void **state)
{
	struct memfiles *guest = grubtest("menuentry a { linux /boot/k; }\n"
					  "submenu more --id m {\n"
					  "\tmenuentry b { linux /boot/k; }\n"
					  "\tsubmenu deep { menuentry c { linux /boot/k; }\n"
					  "\t}\n"
					  "}\n"
					  "menuentry d { linux /boot/k; }\n");

	(void)state;
	assert_titles(guest, "a|more|>b|>deep|>>c|d");
	assert_true(grubtest_entry(guest, "1")->submenu);
	assert_int_equal(grubtest_entry(guest, "1")->index, -1);
	assert_int_equal(grubtest_entry(guest, "1>0")->index, 1);
	assert_text(grubtest_entry(guest, "1>1>0")->title, "c");
	assert_int_equal(grubtest_entry(guest, "1>1>0")->index, 2);
	assert_int_equal(grubtest_entry(guest, "2")->index, 3);
	assert_int_equal(guest->menu.entries, 4);
	assert_false(menu_entry_boots(grubtest_entry(guest, "1")));
	grubtest_done(guest);
}

static void reads_options_anywhere_among_the_words(void **state)
{
	struct memfiles *guest = grubtest(
		"menuentry --class x 'a' --id=i1 { true; }\n"
		"menuentry b --hotkey=b --users 'u v' c { linux /boot/k \"$1\" \"$2\" $#; }\n"
		"menuentry d --unknown e { linux /boot/k \"$2\" \"$3\"; }\n"
		"menuentry f $menuentry_id_option 'some-id' { linux /boot/k $2; }\n"
		"menuentry '' --source 'linux /boot/k from source'\n"
		"menuentry $none { true; }\nmenuentry g\nmenuentry h --source x { true; }\n");

	(void)state;
	assert_titles(guest, "a|b|d|f|");
	assert_text(grubtest_entry(guest, "0")->id, "i1");
	assert_text(grubtest_entry(guest, "1")->users, "u v");
	assert_text(grubtest_entry(guest, "1")->cmdline, "b c 2");
	assert_text(grubtest_entry(guest, "2")->cmdline, "--unknown e");
	assert_text(grubtest_entry(guest, "3")->id, "f");
	assert_text(grubtest_entry(guest, "3")->cmdline, "some-id");
	assert_text(grubtest_entry(guest, "4")->cmdline, "from source");
	assert_warns(guest, "menuentry without a title");
	assert_warns(guest, "menuentry without commands");
	grubtest_done(guest);
}

static void defines_entries_in_functions_loops_and_conditions(void **state)
{
	struct memfiles *guest = grubtest(
		"function f { menuentry \"$1\" \"$2\" { linux /boot/k \"$1\" \"$2\" \"$v\"; }; }\n"
		"f 'x y' z\nfor v in 1 2; do f loop $v; done\n"
		"if true; then f in if; fi\nv=last\n");

	(void)state;
	assert_titles(guest, "x y|loop|loop|in");
	/* Arguments are those of the definition, other variables have their last value. */
	assert_text(grubtest_entry(guest, "0")->cmdline, "\"x y\" z last");
	assert_text(grubtest_entry(guest, "2")->cmdline, "loop 2 last");
	grubtest_done(guest);
}

static void runs_each_entry_as_if_chosen_first(void **state)
{
	struct memfiles *guest =
		grubtest("v=top\nfunction f { v=f; }\n"
			 "menuentry a {\n"
			 "\tv=a; eval 'function f { v=changed; }'; unset w; export v\n"
			 "\tlinux /boot/k $v\n"
			 "}\n"
			 "menuentry b { f; linux /boot/k $v $w; root=hd9; return; }\n"
			 "menuentry c { linux /boot/k $v $w; }\n"
			 "w=w\n");

	(void)state;
	assert_text(grubtest_entry(guest, "0")->cmdline, "a");
	assert_text(grubtest_entry(guest, "1")->cmdline, "f w");
	assert_text(grubtest_entry(guest, "2")->cmdline, "top w");
	grubtest_done(guest);
}

static void hands_submenus_exported_variables_only(void **state)
{
	static const char config[] = "a=1\nb=2\nexport b\n"
				     "submenu m { menuentry \"[$a$b$chosen]\" { linux /boot/k "
				     "[$a$b$root]; }\nb=3; a=4; }\n"
				     "menuentry x { linux /boot/k $a$b; }\n";
	struct memfiles *guest = grubtest(config);

	(void)state;
	assert_titles(guest, "m|>[2m]|x");
	assert_text(grubtest_entry(guest, "0>0")->cmdline, "[43hd0,msdos1]");
	assert_text(grubtest_entry(guest, "1")->cmdline, "12");
	grubtest_done(guest);
	guest = grubtest_fedora(config);
	assert_titles(guest, "m|>[12m]|x");
	grubtest_done(guest);
}

static void tells_the_entry_what_was_chosen(void **state)
{
	struct memfiles *guest = grubtest(
		"submenu 'm>n' --id 'a>b' { menuentry x --id y { linux /boot/k \"$chosen\"; }\n}\n"
		"menuentry z { linux /boot/k \"$chosen\"; }\n");

	(void)state;
	assert_text(grubtest_entry(guest, "1")->cmdline, "z");
	grubtest_done(guest);
	guest = grubtest("submenu 'm>n' { menuentry x --id y { linux /boot/k \"$chosen\"; }\n}\n");
	assert_text(grubtest_entry(guest, "0>0")->cmdline, "m>>n>y");
	grubtest_done(guest);
}

static void boots_a_kernel_loaded_before_the_menu(void **state)
{
	struct memfiles *guest = grubtest("linux /boot/k early\nmenuentry a { true; }\n"
					  "menuentry b { linux /boot/k b; }\n"
					  "menuentry c { initrd /boot/i; }\n");

	(void)state;
	assert_text(grubtest_entry(guest, "0")->cmdline, "early");
	assert_text(grubtest_entry(guest, "1")->cmdline, "b");
	assert_text(grubtest_entry(guest, "2")->cmdline, "early");
	assert_files(grubtest_entry(guest, "2")->initrds, "/boot/i");
	grubtest_done(guest);
}

static void boots_without_a_menu(void **state)
{
	struct memfiles *guest = grubtest("menuentry lost { linux /boot/k; }\n"
					  "linux /boot/k direct\ninitrd /boot/i\nboot\n"
					  "menuentry a { linux /boot/k; }\n");

	(void)state;
	assert_int_equal(guest->menu.entries, 1);
	assert_text(grubtest_entry(guest, "0")->cmdline, "direct");
	assert_files(grubtest_entry(guest, "0")->initrds, "/boot/i");
	assert_default(guest, "0", "boot outside of every entry");
	grubtest_done(guest);
	assert_shows("boot\nmenuentry a { linux /boot/k; }\n", "a");
}

static void ends_an_entry_at_boot(void **state)
{
	struct memfiles *guest =
		grubtest_fedora("menuentry a { linux /boot/k a; boot; linux /boot/k b; false; }\n"
				"menuentry b { linux /boot/k a; false; }\n");

	(void)state;
	assert_text(grubtest_entry(guest, "0")->cmdline, "a");
	assert_true(menu_entry_boots(grubtest_entry(guest, "0")));
	assert_text(grubtest_entry(guest, "1")->error, "its last command fails");
	grubtest_done(guest);
}

static void marks_entries_that_need_a_password(void **state)
{
	static const char config[] =
		"set superusers=\"root admin\"\npassword root secret\n"
		"password_pbkdf2 admin grub.pbkdf2.sha512.10000.AB.CD\npassword root newer\n"
		"menuentry a { linux /boot/k; }\n"
		"menuentry b --unrestricted { linux /boot/k; }\n"
		"menuentry c --users mail {\npassword x hidden; linux /boot/k; }\n"
		"submenu m { menuentry d { linux /boot/k; }\n}\n";
	struct memfiles *guest = grubtest(config);

	(void)state;
	assert_text(guest->menu.superusers, "root admin");
	assert_non_null(guest->menu.users);
	assert_text(guest->menu.users->name, "root");
	assert_text(guest->menu.users->password.value, "newer");
	assert_text(guest->menu.users->next->password.value, "grub.pbkdf2.sha512.10000.AB.CD");
	assert_true(grubtest_entry(guest, "0")->restricted);
	assert_false(grubtest_entry(guest, "1")->restricted);
	assert_true(grubtest_entry(guest, "2")->restricted);
	assert_text(grubtest_entry(guest, "2")->users, "mail");
	assert_text(grubtest_entry(guest, "2")->script,
		"menuentry c --users mail {\npassword; linux /boot/k; }");
	/* Upstream's submenu does not know superusers unless it is exported. */
	assert_false(grubtest_entry(guest, "3>0")->restricted);
	grubtest_done(guest);
	guest = grubtest_fedora(config);
	assert_true(grubtest_entry(guest, "3>0")->restricted);
	grubtest_done(guest);
	guest = grubtest("menuentry a --users x { linux /boot/k; }\n");
	assert_false(grubtest_entry(guest, "0")->restricted);
	grubtest_done(guest);
}

static void says_why_an_entry_cannot_boot(void **state)
{
	struct memfiles *guest = grubtest("menuentry a { chainloader +1; }\n"
					  "menuentry b { true; }\nmenuentry c { reboot; }\n"
					  "menuentry d { linux /boot/none; initrd /boot/i; }\n"
					  "menuentry e { linux (hd7,1)/boot/k; }\n"
					  "menuentry f { linux boot/k; }\nmenuentry g { linux; }\n"
					  "menuentry h { fwsetup; }\n");

	(void)state;
	assert_text(grubtest_entry(guest, "0")->error, "no kernel: chainloader");
	assert_text(grubtest_entry(guest, "1")->error, "no kernel");
	assert_text(grubtest_entry(guest, "2")->error, "no kernel: reboot");
	assert_text(grubtest_entry(guest, "3")->error, "kernel missing: /boot/none");
	assert_files(grubtest_entry(guest, "3")->kernel, "/boot/none");
	assert_text(grubtest_entry(guest, "4")->error,
		"kernel missing: (hd7,1)/boot/k (no such device)");
	assert_text(grubtest_entry(guest, "5")->error,
		"kernel missing: boot/k (its path does not begin with /)");
	assert_text(grubtest_entry(guest, "6")->error, "no kernel");
	assert_text(grubtest_entry(guest, "7")->error, "no kernel");
	assert_warns(guest, "entry 3: /boot/none not found on hd0,msdos1");
	assert_warns(guest, "unknown command \"fwsetup\"");
	grubtest_done(guest);
}

static void shows_configfile_inside_an_entry_as_a_submenu(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/other.cfg",
		"menuentry b { linux /boot/k $v$w; }\nmenuentry c { linux /boot/k c; "
		"}\ndefault=c\n");
	grubtest_run(&guest, "v=1; w=2; export w; default=1\nmenuentry z { linux /boot/k z; }\n"
			     "menuentry a { configfile /other.cfg; linux /boot/k no; }\n");
	assert_titles(&guest, "z|a|>b|>c");
	assert_true(grubtest_entry(&guest, "1")->submenu);
	assert_text(grubtest_entry(&guest, "1>0")->cmdline, "2");
	assert_default(&guest, "1>1", NULL);
	memfiles_done(&guest);
}

static void says_that_the_default_asks_for_a_password(void **state)
{
	struct memfiles *guest;

	(void)state;
	guest = grubtest("set superusers=root\nmenuentry a { linux /boot/k; }\n");
	grubtest_said(guest, REPORT_NOTE, "the default entry asks for a password");
	grubtest_done(guest);
	guest = grubtest("set superusers=root\nset default=1\nmenuentry a { linux /boot/k; }\n"
			 "menuentry b --unrestricted { linux /boot/k; }\n");
	assert_null(memfiles_said(guest, REPORT_NOTE, "password"));
	grubtest_done(guest);
}

static void names_the_flavour_and_why(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	grubtest_run(&guest, "# blscfg\nset x=noblscfg\nmenuentry a { true; }\n");
	assert_text(guest.menu.flavour, "upstream");
	assert_text(guest.menu.flavour_reason, "no sign of a distribution's GRUB");
	memfiles_done(&guest);
	memfiles_init(&guest);
	grubtest_run(&guest, "if true; then\n\tblscfg\nfi\n");
	assert_text(guest.menu.flavour, "fedora");
	assert_text(guest.menu.flavour_reason, "blscfg");
	memfiles_done(&guest);
	memfiles_init(&guest);
	grubtest_run(&guest, "### BEGIN /etc/grub.d/12_menu_auto_hide ###\n");
	assert_text(guest.menu.flavour, "fedora");
	assert_text(guest.menu.flavour_reason, "12_menu_auto_hide");
	memfiles_done(&guest);
	memfiles_init(&guest);
	memfiles_volume(&guest, "hd0,msdos2", "1-2", NULL);
	memfiles_add(&guest, "(hd0,msdos2)/EFI/rocky/grub.cfg", "");
	grubtest_run(&guest, "menuentry a { true; }\n");
	assert_text(guest.menu.flavour, "fedora");
	assert_text(guest.menu.flavour_reason, "/EFI/rocky");
	memfiles_done(&guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_an_entry_as_written),
		cmocka_unit_test(numbers_entries_and_submenus),
		cmocka_unit_test(reads_options_anywhere_among_the_words),
		cmocka_unit_test(defines_entries_in_functions_loops_and_conditions),
		cmocka_unit_test(runs_each_entry_as_if_chosen_first),
		cmocka_unit_test(hands_submenus_exported_variables_only),
		cmocka_unit_test(tells_the_entry_what_was_chosen),
		cmocka_unit_test(boots_a_kernel_loaded_before_the_menu),
		cmocka_unit_test(boots_without_a_menu),
		cmocka_unit_test(ends_an_entry_at_boot),
		cmocka_unit_test(marks_entries_that_need_a_password),
		cmocka_unit_test(says_why_an_entry_cannot_boot),
		cmocka_unit_test(shows_configfile_inside_an_entry_as_a_submenu),
		cmocka_unit_test(says_that_the_default_asks_for_a_password),
		cmocka_unit_test(names_the_flavour_and_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
