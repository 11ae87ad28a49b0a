/* named: kernels and initrds that the caller names, found on whatever volume they are. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/answer.h"

#include "tests/support/question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define ROOM ((uint64_t)8 * MIB)
#define TREE "d=$IMAGE.tree; rm -rf $d; mkdir -p $d/boot; cd $d/boot; "
#define EXT4 "mke2fs -q -t ext4 -d $IMAGE.tree $IMAGE; "

/* A question about disks made by these commands. The last one is NULL. */
static struct question ask_for(const char *kernel, const char *ramdisk, const char *first, ...)
{
	struct question question = question_make(QUESTION_MENU);
	va_list more;

	question.policy.kernel = text_of(kernel);
	question.policy.ramdisk = text_of(ramdisk);
	va_start(more, first);
	for (const char *command = first; command; command = va_arg(more, const char *))
		question_add_image(&question, ROOM, command);
	va_end(more);
	return question;
}

static void assert_content(const struct question *question, const struct inspection *inspection,
	enum content_slot slot, const char *expected)
{
	_free_ char *bytes =
		content_bytes(question, inspection, &inspection->menu.default_entry->content[slot]);

	assert_string_equal(bytes, expected);
}

static void fails_with(const struct question *question, const char *error)
{
	_inspection_ struct inspection *inspection = question_answer(question);

	assert_non_null(inspection->error.at);
	assert_string_equal(inspection->error.at, error);
	assert_null(inspection->menu.default_entry);
}

static void the_named_files_are_the_one_entry(void **state)
{
	_question_ struct question question = ask_for("/boot/k", "/boot/i",
		TREE "printf kernel > k; printf initrd > i; mkdir grub; "
		     "printf 'title Menu\\nkernel /boot/i\\n' > grub/menu.lst; " EXT4,
		NULL);
	_inspection_ struct inspection *inspection = question_answer(&question);

	(void)state;
	assert_int_equal(inspection->menu.entries, 1);
	assert_true(text_is(inspection->menu.loader, "named"));
	assert_true(text_is(inspection->menu.default_reason, "kernel = /boot/k"));
	assert_int_equal(inspection->menu.default_entry->cmdline.len, 0);
	assert_content(&question, inspection, SLOT_KERNEL, "kernel");
	assert_content(&question, inspection, SLOT_INITRD, "initrd");
}

static void a_kernel_alone_will_do(void **state)
{
	_question_ struct question question =
		ask_for("boot/k", "", TREE "printf kernel > k; " EXT4, NULL);
	_inspection_ struct inspection *inspection = question_answer(&question);

	(void)state;
	assert_content(&question, inspection, SLOT_KERNEL, "kernel");
	assert_false(inspection->menu.default_entry->content[SLOT_INITRD].present);
}

static void every_disk_is_searched(void **state)
{
	_question_ struct question question = ask_for("/boot/k", "/boot/i",
		TREE "printf first > i; mkdir k; " EXT4, TREE "printf kernel > k; " EXT4, NULL);
	_inspection_ struct inspection *inspection = question_answer(&question);

	(void)state;
	assert_content(&question, inspection, SLOT_KERNEL, "kernel");
	assert_content(&question, inspection, SLOT_INITRD, "first");
}

/* An older system on the first disk has an initrd of that name, too. */
static void the_ramdisk_is_taken_from_the_kernels_volume(void **state)
{
	_question_ struct question question =
		ask_for("/boot/k", "/boot/i", TREE "printf old > i; " EXT4,
			TREE "printf kernel > k; printf new > i; " EXT4, NULL);
	_inspection_ struct inspection *inspection = question_answer(&question);

	(void)state;
	assert_content(&question, inspection, SLOT_INITRD, "new");
}

static void a_volume_may_be_named(void **state)
{
	_question_ struct question question = ask_for("(hd1)/boot/k", "(hd0)/boot/i",
		TREE "printf old > k; printf old > i; " EXT4,
		TREE "printf kernel > k; printf new > i; " EXT4, NULL);
	_inspection_ struct inspection *inspection = question_answer(&question);

	(void)state;
	assert_content(&question, inspection, SLOT_KERNEL, "kernel");
	assert_content(&question, inspection, SLOT_INITRD, "old");
}

static void what_is_missing_is_named_with_where_it_was_looked_for(void **state)
{
	static const char made[] = TREE "printf kernel > k; mkfifo f; " EXT4;
	_question_ struct question kernel = ask_for("/k", "", made, made, NULL);
	_question_ struct question ramdisk = ask_for("/boot/k", "/boot/i", made, NULL);
	_question_ struct question folder = ask_for("/boot", "", made, NULL);
	_question_ struct question fifo = ask_for("/boot/f", "", made, NULL);

	(void)state;
	fails_with(&kernel,
		"/srv/mail.img: kernel = /k not found; looked on hd0 (ext4) and hd1 (ext4); name "
		"another one, or none to use the guest's own menu");
	fails_with(&ramdisk,
		"/srv/mail.img: ramdisk = /boot/i not found; looked on hd0 (ext4); name another "
		"one, or none to use the guest's own menu");
	fails_with(&folder,
		"/srv/mail.img: kernel = /boot is a folder on hd0, no file; name another one, or "
		"none to use the guest's own menu");
	fails_with(&fifo,
		"/srv/mail.img: kernel = /boot/f is a device, fifo or socket on hd0, no file; name "
		"another one, or none to use the guest's own menu");
}

static void a_kernel_over_the_limit_is_refused(void **state)
{
	_question_ struct question question =
		ask_for("/boot/k", "", TREE "truncate -s 3M k; " EXT4, NULL);

	(void)state;
	question.limits.max_kernel = MIB;
	fails_with(&question, "/srv/mail.img: kernel too big: 3.0 MiB, limit 1.0 MiB (max-kernel)");
}

static void a_disk_without_a_file_system_says_so(void **state)
{
	_question_ struct question question = ask_for("/boot/k", "", ":", NULL);

	(void)state;
	fails_with(&question,
		"/srv/mail.img: no partition table and no known file system; is it a guest's "
		"disk?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_named_files_are_the_one_entry),
		cmocka_unit_test(a_kernel_alone_will_do),
		cmocka_unit_test(every_disk_is_searched),
		cmocka_unit_test(the_ramdisk_is_taken_from_the_kernels_volume),
		cmocka_unit_test(a_volume_may_be_named),
		cmocka_unit_test(what_is_missing_is_named_with_where_it_was_looked_for),
		cmocka_unit_test(a_kernel_over_the_limit_is_refused),
		cmocka_unit_test(a_disk_without_a_file_system_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
