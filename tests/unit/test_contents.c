/* contents: sizes, pieces, joined initrds, limits; on real file systems. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/contents.h"

#include "inspect/answer/newc.h"
#include "tests/support/question.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <cmocka.h>

/* /boot of an ext4 file system: files of all kinds. */
#define TREE                                                                           \
	"d=$IMAGE.tree; mkdir -p $d/boot/folder && cd $d/boot && "                     \
	"head -c 5000 /dev/urandom > k && printf abcde > a && printf 12345678 > b && " \
	"printf x > c && : > empty && mkfifo fifo && ln -s /boot/k link && "           \
	"truncate -s 20K hole && printf end >> hole && truncate -s 1M big && "         \
	"printf tiny > tiny && mke2fs -q -t ext4 "
#define ROOM ((uint64_t)16 * MIB)

struct fixture {
	struct question question;
	struct inspection *inspection;
	struct guest *guest;
	struct contents contents;
	struct menu_entry entry;
};

static void open_fixture(struct fixture *fixture, const char *options)
{
	char command[1000];
	struct err err = {0};

	*fixture = (struct fixture){.question = question_make(QUESTION_MENU)};
	snprintf(command, sizeof(command), "%s %s -d $IMAGE.tree $IMAGE", TREE, options);
	question_add_image(&fixture->question, ROOM, command);
	fixture->inspection = inspection_new(64 * MIB);
	assert_non_null(fixture->inspection);
	fixture->guest = arena_new(&fixture->inspection->arena, struct guest);
	assert_non_null(fixture->guest);
	assert_int_equal(
		guest_open(fixture->guest, &fixture->question, fixture->inspection, &err), 0);
	contents_init(&fixture->contents, fixture->guest);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	open_fixture(*state, "");
	return 0;
}

/* Files in their inodes: no extents, the bytes must be asked for. */
static int setup_inline(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	open_fixture(*state, "-O inline_data -I 512");
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	contents_done(&fixture->contents);
	guest_close(fixture->guest);
	question_done(&fixture->question);
	inspection_free(fixture->inspection);
	free(fixture);
	return 0;
}

static struct boot_file *add(struct fixture *fixture, struct boot_file **list, const char *path)
{
	struct boot_file *file = boot_file_add(&fixture->inspection->arena, list);

	assert_non_null(file);
	file->volume = TEXT("hd0");
	file->path = text_of(path);
	return file;
}

/* The entry completed, with this kernel. */
static struct menu_entry *complete(struct fixture *fixture, const char *kernel)
{
	add(fixture, &fixture->entry.kernel, kernel);
	assert_int_equal(contents_complete(&fixture->contents, &fixture->entry), 0);
	fixture->inspection->menu.bytes = strbuf_text(&fixture->contents.bytes);
	return &fixture->entry;
}

static char *initrd_of(struct fixture *fixture)
{
	return content_bytes(
		&fixture->question, fixture->inspection, &fixture->entry.content[SLOT_INITRD]);
}

static void a_kernel_is_pieces_of_the_disk(void **state)
{
	struct fixture *fixture = *state;
	struct menu_entry *entry = complete(fixture, "/boot/link");
	struct content *kernel = &entry->content[SLOT_KERNEL];

	assert_int_equal(entry->error.len, 0);
	assert_true(kernel->present);
	assert_int_equal(kernel->size, 5000);
	assert_int_equal(entry->kernel->size, 5000);
	for (uint32_t i = 0; i < kernel->count; i++)
		assert_int_equal(kernel->pieces[i].kind, PIECE_DISK);
}

static void a_hole_is_zeros(void **state)
{
	struct fixture *fixture = *state;
	struct menu_entry *entry = complete(fixture, "/boot/hole");
	struct content *kernel = &entry->content[SLOT_KERNEL];
	_free_ char *bytes = content_bytes(&fixture->question, fixture->inspection, kernel);

	assert_int_equal(kernel->size, 20 * 1024 + 3);
	assert_int_equal(kernel->pieces[0].kind, PIECE_ZERO);
	assert_string_equal(bytes + 20 * 1024, "end");
}

static void a_single_initrd_is_the_file_itself(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *bytes = NULL;

	add(fixture, &fixture->entry.initrds, "/boot/a");
	complete(fixture, "/boot/k");
	bytes = initrd_of(fixture);
	assert_int_equal(fixture->entry.content[SLOT_INITRD].size, 5);
	assert_memory_equal(bytes, "abcde", 5);
}

static void initrds_are_padded_between_and_not_behind(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *bytes = NULL;

	add(fixture, &fixture->entry.initrds, "/boot/a");
	add(fixture, &fixture->entry.initrds, "/boot/b");
	add(fixture, &fixture->entry.initrds, "/boot/c");
	complete(fixture, "/boot/k");
	bytes = initrd_of(fixture);
	assert_int_equal(fixture->entry.content[SLOT_INITRD].size, 17);
	assert_memory_equal(bytes, "abcde\0\0\00012345678x", 17);
}

static void an_empty_initrd_among_others_is_nothing(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *bytes = NULL;

	add(fixture, &fixture->entry.initrds, "/boot/empty");
	add(fixture, &fixture->entry.initrds, "/boot/a");
	complete(fixture, "/boot/k");
	bytes = initrd_of(fixture);
	assert_int_equal(fixture->entry.content[SLOT_INITRD].size, 5);
	assert_memory_equal(bytes, "abcde", 5);
}

/* a, then two members of one archive, then b: header, file, padding, trailer, as GRUB does. */
static void newc_parts_are_wrapped_into_an_archive(void **state)
{
	struct fixture *fixture = *state;
	_strbuf_ struct strbuf expected = {0};
	struct newc newc = {.count = 0};
	_free_ char *bytes = NULL;

	add(fixture, &fixture->entry.initrds, "/boot/a");
	add(fixture, &fixture->entry.initrds, "/boot/a")->newc = TEXT("/etc/one");
	add(fixture, &fixture->entry.initrds, "/boot/c")->newc = TEXT("etc/two");
	add(fixture, &fixture->entry.initrds, "/boot/b");
	add(fixture, &fixture->entry.initrds, "/boot/c")->newc = TEXT("last");
	complete(fixture, "/boot/k");
	bytes = initrd_of(fixture);
	strbuf_add(&expected, TEXT("abcde\0\0\0"));
	newc_add_file(&newc, &expected, TEXT("etc/one"), 5);
	strbuf_add(&expected, TEXT("abcde\0\0\0"));
	newc_add_file(&newc, &expected, TEXT("etc/two"), 1);
	strbuf_add(&expected, TEXT("x\0\0\0"));
	newc_end(&newc, &expected);
	strbuf_add(&expected, TEXT("12345678"));
	newc_add_file(&newc, &expected, TEXT("last"), 1);
	strbuf_add(&expected, TEXT("x\0\0\0"));
	newc_end(&newc, &expected);
	assert_int_equal(fixture->entry.content[SLOT_INITRD].size, expected.len);
	assert_memory_equal(bytes, expected.at, expected.len);
}

static void a_part_of_a_file_is_only_that_part(void **state)
{
	struct fixture *fixture = *state;
	struct boot_file *file = add(fixture, &fixture->entry.initrds, "/boot/b");
	_free_ char *bytes = NULL;

	file->part_offset = 2;
	file->part_length = 3;
	complete(fixture, "/boot/k");
	bytes = initrd_of(fixture);
	assert_int_equal(file->size, 3);
	assert_int_equal(fixture->entry.content[SLOT_INITRD].size, 3);
	assert_memory_equal(bytes, "345", 3);
}

static void a_part_past_the_end_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct boot_file *file = add(fixture, &fixture->entry.initrds, "/boot/b");

	file->part_offset = 2;
	file->part_length = UINT64_MAX - 1;
	complete(fixture, "/boot/k");
	assert_string_equal(
		fixture->entry.error.at, "initrd reaches past the end of its file: /boot/b");
}

static void what_is_no_regular_file_is_refused(void **state)
{
	static const struct {
		const char *path, *error;
	} cases[] = {
		{"/boot/folder", "kernel is a folder: /boot/folder"},
		{"/boot/fifo", "kernel is a device, fifo or socket: /boot/fifo"},
		{"/boot/gone", "kernel missing: /boot/gone"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		fixture->entry = (struct menu_entry){.index = 0};
		complete(fixture, cases[i].path);
		assert_string_equal(fixture->entry.error.at, cases[i].error);
		assert_false(fixture->entry.content[SLOT_KERNEL].present);
	}
}

static void an_empty_kernel_is_a_warning(void **state)
{
	struct fixture *fixture = *state;

	complete(fixture, "/boot/empty");
	assert_int_equal(fixture->entry.error.len, 0);
	assert_true(fixture->entry.content[SLOT_KERNEL].present);
	assert_int_equal(fixture->entry.content[SLOT_KERNEL].size, 0);
	assert_string_equal(fixture->contents.guest->inspection->report.last->text.at,
		"entry 0: /boot/empty is empty (0 bytes)");
}

static void another_volume_is_refused(void **state)
{
	struct fixture *fixture = *state;

	add(fixture, &fixture->entry.kernel, "/boot/k")->volume = TEXT("hd7,msdos1");
	assert_int_equal(contents_complete(&fixture->contents, &fixture->entry), 0);
	assert_string_equal(fixture->entry.error.at, "kernel: no such device: hd7,msdos1");
}

static void a_kernel_over_the_limit_is_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture->question.limits.max_kernel = MIB - 1;
	complete(fixture, "/boot/big");
	assert_string_equal(
		fixture->entry.error.at, "kernel too big: 1.0 MiB, limit 1023.9 KiB (max-kernel)");
}

static void initrds_together_over_the_limit_are_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture->question.limits.max_initrd = 12;
	add(fixture, &fixture->entry.initrds, "/boot/a");
	add(fixture, &fixture->entry.initrds, "/boot/b");
	complete(fixture, "/boot/k");
	assert_string_equal(
		fixture->entry.error.at, "initrd too big: 13 B, limit 12 B (max-initrd)");
}

/* The disk ends before the file does: a cut-off image. */
static void what_lies_outside_the_disk_is_refused(void **state)
{
	struct fixture *fixture = *state;

	fixture->question.disks[0].size = 1024;
	complete(fixture, "/boot/k");
	assert_string_equal(
		fixture->entry.error.at, "kernel lies outside the disk: is it cut off?");
}

static void the_same_kernel_has_the_same_identity(void **state)
{
	struct fixture *fixture = *state;
	struct menu_entry first = *complete(fixture, "/boot/k");

	fixture->entry = (struct menu_entry){.index = 1};
	complete(fixture, "/boot/k");
	assert_int_equal(
		first.content[SLOT_KERNEL].identity, fixture->entry.content[SLOT_KERNEL].identity);
	fixture->entry = (struct menu_entry){.index = 2};
	complete(fixture, "/boot/big");
	assert_int_not_equal(
		first.content[SLOT_KERNEL].identity, fixture->entry.content[SLOT_KERNEL].identity);
}

static void what_cannot_be_mapped_is_written_on_request(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *bytes = NULL;
	int fd = memfd_create("content", MFD_CLOEXEC);
	char written[13] = "............";
	struct err err = {0};

	add(fixture, &fixture->entry.initrds, "/boot/a");
	add(fixture, &fixture->entry.initrds, "/boot/tiny");
	complete(fixture, "/boot/k");
	assert_int_equal(fixture->entry.error.len, 0);
	bytes = initrd_of(fixture);
	assert_memory_equal(bytes, "?????\0\0\0????", 12);
	assert_int_equal(pwrite(fd, written, 12, 0), 12);
	assert_int_equal(
		contents_write_later(&fixture->contents, &fixture->entry, SLOT_INITRD, fd, &err),
		0);
	assert_int_equal(pread(fd, written, 12, 0), 12);
	assert_string_equal(written, "abcde...tiny");
	close(fd);
}

#define WITH(test)        cmocka_unit_test_setup_teardown(test, setup, teardown)
#define WITH_INLINE(test) cmocka_unit_test_setup_teardown(test, setup_inline, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(a_kernel_is_pieces_of_the_disk),
		WITH(a_hole_is_zeros),
		WITH(a_single_initrd_is_the_file_itself),
		WITH(initrds_are_padded_between_and_not_behind),
		WITH(an_empty_initrd_among_others_is_nothing),
		WITH(newc_parts_are_wrapped_into_an_archive),
		WITH(a_part_of_a_file_is_only_that_part),
		WITH(a_part_past_the_end_is_refused),
		WITH(what_is_no_regular_file_is_refused),
		WITH(an_empty_kernel_is_a_warning),
		WITH(another_volume_is_refused),
		WITH(a_kernel_over_the_limit_is_refused),
		WITH(initrds_together_over_the_limit_are_refused),
		WITH(what_lies_outside_the_disk_is_refused),
		WITH(the_same_kernel_has_the_same_identity),
		WITH_INLINE(what_cannot_be_mapped_is_written_on_request),
	};

	return cmocka_run_group_tests_name("contents", tests, NULL, NULL);
}
