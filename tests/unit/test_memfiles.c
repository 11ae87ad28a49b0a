/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/memfiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct text read_all(struct memfiles *guest, const char *volume, const char *path)
{
	struct text content = {0};

	assert_int_equal(files_read_all(&guest->files, memfiles_find(guest, volume), text_of(path),
				 &content),
		0);
	return content;
}

static void finds_files_through_links_and_dots(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/boot/vmlinuz-1", "one");
	memfiles_link(&guest, "(hd0,msdos1)/boot/boot", ".");
	memfiles_link(&guest, "(hd0,msdos1)/vmlinuz", "boot/vmlinuz-1");
	assert_true(text_is(read_all(&guest, "hd0,1", "/boot/boot//../boot/vmlinuz-1"), "one"));
	assert_true(text_is(read_all(&guest, "hd0,msdos1", "vmlinuz"), "one"));
	memfiles_done(&guest);
}

static void says_why_a_file_cannot_be_read(void **state)
{
	const struct volume_info *volume;
	struct memfiles guest;
	struct text content;

	(void)state;
	memfiles_init(&guest);
	guest.limits.max_config = 3;
	memfiles_add(&guest, "(hd0,msdos1)/big", "four");
	memfiles_other(&guest, "(hd0,msdos1)/fifo");
	memfiles_link(&guest, "(hd0,msdos1)/loop", "loop");
	volume = memfiles_find(&guest, "hd0,msdos1");
	assert_int_equal(files_read_all(&guest.files, volume, TEXT("/big"), &content), -EFBIG);
	assert_int_equal(files_read_all(&guest.files, volume, TEXT("/fifo"), &content), -EINVAL);
	assert_int_equal(files_read_all(&guest.files, volume, TEXT("/"), &content), -EISDIR);
	assert_int_equal(files_read_all(&guest.files, volume, TEXT("/loop"), &content), -ELOOP);
	assert_int_equal(files_read_all(&guest.files, volume, TEXT("/none"), &content), -ENOENT);
	assert_int_equal(files_read_all(&guest.files, volume, TEXT("/big/x"), &content), -ENOTDIR);
	memfiles_done(&guest);
}

static void shows_an_image_after_loopback_only(void **state)
{
	struct memfiles guest;
	const struct files_ops *ops;

	(void)state;
	memfiles_init(&guest);
	memfiles_add(&guest, "(hd0,msdos1)/x.iso", "image");
	memfiles_image(&guest, "iso", "(hd0,msdos1)/x.iso");
	memfiles_add(&guest, "(iso)/casper/vmlinuz", "kernel");
	ops = guest.files.ops;
	assert_null(ops->find(&guest.files, TEXT("lo")));
	assert_int_equal(ops->loopback(&guest.files, TEXT("lo"),
				 memfiles_find(&guest, "hd0,msdos1"), TEXT("/x.iso"), false),
		0);
	assert_true(text_is(read_all(&guest, "lo", "/casper/vmlinuz"), "kernel"));
	assert_int_equal(ops->loopback(&guest.files, TEXT("lo"), NULL, (struct text){0}, true), 0);
	assert_null(ops->find(&guest.files, TEXT("lo")));
	memfiles_done(&guest);
}

static void names_a_file_as_grub_does(void **state)
{
	struct memfiles guest;

	(void)state;
	memfiles_init(&guest);
	assert_true(text_is(files_full_name(&guest.files, memfiles_find(&guest, "hd0,1"),
				    TEXT("boot/grub/grub.cfg")),
		"(hd0,msdos1)/boot/grub/grub.cfg"));
	memfiles_done(&guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_files_through_links_and_dots),
		cmocka_unit_test(says_why_a_file_cannot_be_read),
		cmocka_unit_test(shows_an_image_after_loopback_only),
		cmocka_unit_test(names_a_file_as_grub_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
