/* LILO: what lilo.conf says was installed. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/table.h"
#include "tests/support/parsing.h"

static int setup(void **state)
{
	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/k", "kernel");
	memfiles_add(&guest, "(hd0,msdos1)/boot/i", "initrd");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	memfiles_done(&guest);
	return 0;
}

static void lilo_conf(const char *config)
{
	parse(&parser_lilo, "(hd0,msdos1)/etc/lilo.conf", config);
}

static void images_have_label_initrd_and_command_line(void **state)
{
	(void)state;
	lilo_conf("prompt\ntimeout=51\ndefault=two\nboot=/dev/sda\n# image=/no\n"
		  "image=/boot/k\n\tlabel=one\n\troot=/dev/sda1\n\tread-only\n\tinitrd=/boot/i\n"
		  "\tappend=\"quiet splash\"\nimage = /boot/k label = two\n");
	assert_int_equal(guest.menu.entries, 2);
	assert_boots(0, "/boot/k", "quiet splash root=/dev/sda1 ro");
	assert_text(entry(0)->title, "one");
	assert_text(entry(0)->initrds->path, "/boot/i");
	assert_int_equal(entry(0)->config_line, 6);
	assert_boots(1, "/boot/k", "");
	assert_ptr_equal(guest.menu.default_entry, entry(1));
	assert_int_equal(guest.menu.timeout_s, 6);
	assert_text(entry(1)->script, "image = /boot/k label = two");
	assert_non_null(memfiles_said(&guest, REPORT_NOTE, "map file"));
}

static void what_stands_before_the_first_image_is_for_all(void **state)
{
	(void)state;
	lilo_conf("append=all\nroot=/dev/hda1\nread-only\ninitrd=/boot/i\nimage=/boot/k\n"
		  "image=/boot/k\nlabel=b\nappend=own\naddappend=more\nroot=/dev/hda2\nread-write\n"
		  "image=/boot/k\nlabel=c\nliteral=\"just this\"\n");
	assert_boots(0, "/boot/k", "all root=/dev/hda1 ro");
	assert_text(entry(0)->title, "k");
	assert_text(entry(0)->initrds->path, "/boot/i");
	assert_boots(1, "/boot/k", "own more root=/dev/hda2 rw");
	assert_boots(2, "/boot/k", "just this");
}

static void quotes_and_backslashes_are_taken_away(void **state)
{
	(void)state;
	lilo_conf(
		"image=/boot/k\nlabel=a\nappend=\" a=\\\"b # c\\\" \\\nd \"\nroot=\"LABEL=x y\"\n");
	assert_boots(0, "/boot/k", " a=\"b # c\" d  root=LABEL=x y");
}

static void the_last_of_two_equal_labels_is_the_default(void **state)
{
	(void)state;
	lilo_conf("default=x\nimage=/boot/k\nlabel=x\nappend=1\nimage=/boot/k\nlabel=x\nappend=2\n"
		  "image=/boot/k\nlabel=y\n");
	assert_ptr_equal(guest.menu.default_entry, entry(1));
}

static void an_alias_can_be_the_default(void **state)
{
	(void)state;
	lilo_conf("default=z\nimage=/boot/k\nlabel=x\nimage=/boot/k\nlabel=y\nalias=z\n");
	assert_ptr_equal(guest.menu.default_entry, entry(1));
}

static void without_default_the_first_boots(void **state)
{
	(void)state;
	lilo_conf("delay=20\nimage=/boot/k\nlabel=x\nimage=/boot/k\nlabel=y\n");
	assert_ptr_equal(guest.menu.default_entry, entry(0));
	assert_text(guest.menu.default_reason, "first image");
	assert_int_equal(guest.menu.timeout_s, 2);
	assert_text(guest.menu.timeout_style, "hidden");
}

static void other_systems_do_not_boot(void **state)
{
	(void)state;
	lilo_conf("other=/dev/hda1\nlabel=dos\ntable=/dev/hda\nimage=/boot/k\nlabel=l\n");
	assert_text(entry(0)->error, "no kernel: other system");
	assert_boots(1, "/boot/k", "");
}

static void a_boot_volume_of_its_own_is_looked_into(void **state)
{
	(void)state;
	memfiles_volume(&guest, "hd0,msdos2", NULL, "boot");
	memfiles_add(&guest, "(hd0,msdos2)/vmlinuz", "kernel");
	lilo_conf("image=/boot/vmlinuz\nlabel=l\n");
	assert_boots(0, "/vmlinuz", "");
	assert_text(entry(0)->kernel->volume, "hd0,msdos2");
}

static void missing_images_are_named_unless_optional(void **state)
{
	(void)state;
	lilo_conf("image=/boot/none\nlabel=a\nimage=/boot/gone\nlabel=b\noptional\n");
	assert_int_equal(guest.menu.entries, 1);
	assert_text(entry(0)->error, "kernel missing: /boot/none");
}

static void a_password_restricts_booting_unless_only_arguments_are(void **state)
{
	(void)state;
	lilo_conf("image=/boot/k\nlabel=a\npassword=x\nimage=/boot/k\nlabel=b\npassword=x\n"
		  "restricted\n");
	assert_true(entry(0)->restricted);
	assert_false(entry(1)->restricted);
	assert_text(entry(1)->password.value, "x");
	assert_true(guest.menu.edit_restricted);
	assert_text(entry(0)->script, "image=/boot/k\nlabel=a\npassword");
}

static void stray_bytes_do_no_harm(void **state)
{
	(void)state;
	lilo_conf("= = =\"\n\n=x\nimage=\nimage\nlabel==\n\"unclosed image=/boot/k");
	lilo_conf("image=/boot/k\\");
	lilo_conf("im\\age=/boot/k\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(images_have_label_initrd_and_command_line),
		TEST(what_stands_before_the_first_image_is_for_all),
		TEST(quotes_and_backslashes_are_taken_away),
		TEST(the_last_of_two_equal_labels_is_the_default),
		TEST(an_alias_can_be_the_default),
		TEST(without_default_the_first_boots),
		TEST(other_systems_do_not_boot),
		TEST(a_boot_volume_of_its_own_is_looked_into),
		TEST(missing_images_are_named_unless_optional),
		TEST(a_password_restricts_booting_unless_only_arguments_are),
		TEST(stray_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
