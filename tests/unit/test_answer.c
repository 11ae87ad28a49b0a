/* answer: from disks to a menu, and every reason why there is none. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/answer.h"

#include "render/render.h"
#include "tests/support/question.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <cmocka.h>

#define ROOM ((uint64_t)24 * MIB)

/* Shell commands: a tree with two kernels, a file system of it at an offset in the image. */
#define TREE                                                                             \
	"d=$IMAGE.tree; rm -rf $d; mkdir -p $d/boot/grub $d/boot/extlinux; cd $d/boot; " \
	"printf kernel1 > k1; printf kernel2 > k2; printf initrd > i; "
#define LEGACY(kernel)                                                                            \
	"printf 'default 0\\ntitle One\\nroot (hd0,0)\\nkernel " kernel " ro\\ninitrd /boot/i\\n" \
	"title Two\\nroot (hd0,0)\\nkernel /boot/k2 ro\\n' > $d/boot/grub/menu.lst; "
#define EXTLINUX                                                           \
	"printf 'default l\\nlabel l\\nlinux /boot/k2\\nappend ext\\n' > " \
	"$d/boot/extlinux/extlinux.conf; "
#define EXT4 "mke2fs -q -t ext4 -U 3f0c2c1e-0000-4000-8000-000000000001 -d $IMAGE.tree $IMAGE; "
#define EXT4_AT(offset, size) \
	"mke2fs -q -F -t ext4 -E offset=" offset " -d $IMAGE.tree $IMAGE " size "; "

/* A question about one disk that this command makes. */
static struct question ask_about(const char *command)
{
	struct question question = question_make(QUESTION_MENU);

	question.domain = TEXT("mail");
	question_add_image(&question, ROOM, command);
	return question;
}

static void log_has(const struct inspection *inspection, const char *part)
{
	_strbuf_ struct strbuf log = {0};

	render_log(&log, inspection);
	if (!strstr(log.at, part))
		fail_msg("no \"%s\" in:\n%s", part, log.at);
}

static void fails_with(const struct question *question, const char *error)
{
	_inspection_ struct inspection *inspection = question_answer(question);

	assert_non_null(inspection->error.at);
	assert_string_equal(inspection->error.at, error);
	assert_null(inspection->menu.default_entry);
}

static void a_menu_is_found_and_completed(void **state)
{
	_question_ struct question question = ask_about(TREE LEGACY("/boot/k1") EXT4);
	_inspection_ struct inspection *inspection = question_answer(&question);
	const struct menu_entry *entry = inspection->menu.default_entry;
	_free_ char *kernel = NULL;

	(void)state;
	assert_non_null(entry);
	assert_int_equal(inspection->error.len, 0);
	assert_true(text_is(inspection->disks[0].name, "hd0"));
	assert_int_equal(inspection->n_volumes, 1);
	assert_true(text_is(inspection->volumes[0].fs_name, "ext4"));
	kernel = content_bytes(&question, inspection, &entry->content[SLOT_KERNEL]);
	assert_string_equal(kernel, "kernel1");
	assert_int_equal(entry->initrds->size, 6);
	log_has(inspection, "ok      menu (hd0)/boot/grub/menu.lst: GRUB Legacy, 2 entries\n");
	log_has(inspection, "\nresult  entry 0 boots\n");
}

static void a_missing_kernel_is_the_error_of_the_manual(void **state)
{
	_question_ struct question question = ask_about(TREE LEGACY("/boot/gone") EXT4);

	(void)state;
	fails_with(&question,
		"/srv/mail.img: default entry 0 \"One\" names /boot/gone, not on hd0; "
		"bootable: 1 (use --entry=1)");
}

static void other_configurations_are_told_of(void **state)
{
	_question_ struct question question = ask_about(TREE LEGACY("/boot/k1") EXTLINUX
		"ln -s . $d/boot/boot; cp $d/boot/grub/menu.lst $d/boot/grub/grub.conf; " EXT4);
	_inspection_ struct inspection *inspection = question_answer(&question);

	(void)state;
	assert_true(text_is(inspection->menu.loader, "extlinux"));
	log_has(inspection, "\nnote    also found: (hd0)/boot/grub/menu.lst (GRUB Legacy), "
			    "not used; the next that would be\n");
	log_has(inspection,
		"\nnote    also found: (hd0)/boot/grub/grub.conf (GRUB Legacy), not used\n");
}

/* "/boot -> ." makes two places of one file. */
static void the_same_file_under_another_name_is_not_told_of(void **state)
{
	_question_ struct question question = ask_about(TREE LEGACY(
		"/boot/k1") "mv $d/boot $d/b; mv $d/b/* $d; rm -r $d/b; ln -s . $d/boot; " EXT4);
	_inspection_ struct inspection *inspection = question_answer(&question);
	_strbuf_ struct strbuf log = {0};

	(void)state;
	render_log(&log, inspection);
	assert_int_equal(inspection->error.len, 0);
	assert_null(strstr(log.at, "also found"));
}

static void a_menu_that_cannot_boot_gives_way_to_one_that_can(void **state)
{
	_question_ struct question question =
		ask_about(TREE LEGACY("/boot/k1") EXTLINUX "rm k2; sed -i /Two/,//d "
							   "$d/boot/grub/menu.lst; " EXT4);
	_inspection_ struct inspection *inspection = question_answer(&question);

	(void)state;
	assert_true(text_is(inspection->menu.loader, "grub"));
	assert_int_equal(inspection->error.len, 0);
	log_has(inspection,
		"also found: (hd0)/boot/extlinux/extlinux.conf (extlinux/syslinux), not used: "
		"none of its entries can boot");
}

#define TWO_PARTITIONS                                                             \
	"printf 'label: dos\\n2048,16384,83\\n20480,24576,83%s\\n' \"$active\" | " \
	"sfdisk -q $IMAGE; "

static void the_active_partition_is_looked_at_first(void **state)
{
	_question_ struct question question = ask_about("active=,*; " TREE LEGACY("/boot/k1")
			TWO_PARTITIONS EXT4_AT("1048576", "8M") EXT4_AT("10485760", "12M"));
	_inspection_ struct inspection *inspection = question_answer(&question);

	(void)state;
	assert_true(text_is(inspection->menu.config_volume, "hd0,msdos2"));
	assert_true(text_is(inspection->disks[0].table, "MBR"));
	log_has(inspection, "also found: (hd0,msdos1)/boot/grub/menu.lst (GRUB Legacy), not used");
}

static void the_menu_may_lie_on_the_second_disk(void **state)
{
	_question_ struct question question =
		ask_about(TREE "rm -r $d/boot/*; mkswap -q $IMAGE 2>/dev/null; ");
	_inspection_ struct inspection *inspection = NULL;

	(void)state;
	question_add_image(&question, ROOM, TREE LEGACY("/boot/k1") EXT4);
	inspection = question_answer(&question);
	assert_true(text_is(inspection->menu.config_volume, "hd1"));
	log_has(inspection, "note    hd0 swap: skipped");
}

static void the_error_counts_places_and_the_log_lists_them(void **state)
{
	_question_ struct question question =
		ask_about("active=; " TREE "rm -r boot/*; " TWO_PARTITIONS EXT4_AT("1048576",
			"8M") "truncate -s 12M $IMAGE.swap; mkswap -q $IMAGE.swap 2>/dev/null; "
			      "dd if=$IMAGE.swap of=$IMAGE bs=1M seek=10 conv=notrunc "
			      "status=none; ");
	_inspection_ struct inspection *inspection = question_answer(&question);
	unsigned places = 0;

	(void)state;
	assert_int_equal(
		sscanf(inspection->error.at,
			"/srv/mail.img: no boot configuration; looked on hd0,msdos1 (ext4) "
			"and hd0,msdos2 (swap) in %u places: bootfs explain mail",
			&places),
		1);
	assert_true(places > 10);
	log_has(inspection, "\nnote    hd0,msdos1: no GRUB Legacy at /boot/grub/menu.lst, ");
}

static void an_encrypted_disk_is_named(void **state)
{
	_question_ struct question question =
		ask_about("active=; " TREE "rm -r boot/*; " TWO_PARTITIONS EXT4_AT(
			"1048576", "8M") "printf 'LUKS\\272\\276\\0\\1aes' | "
					 "dd of=$IMAGE bs=1M seek=10 conv=notrunc status=none; ");

	(void)state;
	fails_with(&question,
		"/srv/mail.img: hd0,msdos2 is LUKS-encrypted; no readable volume holds a boot "
		"configuration");
}

static void an_unknown_feature_is_named(void **state)
{
	_question_ struct question question = ask_about(
		TREE "mke2fs -q -t ext4 -O ^metadata_csum -d $IMAGE.tree $IMAGE; "
		     "printf '\\200' | dd of=$IMAGE bs=1 seek=1123 conv=notrunc status=none; ");

	(void)state;
	fails_with(&question,
		"/srv/mail.img: hd0 ext4 uses unknown incompatible feature 0x80000000; "
		"update bootfs or boot with kernel=");
}

static void what_is_no_disk_is_told_so(void **state)
{
	_question_ struct question question = question_make(QUESTION_MENU);

	(void)state;
	question_add_bytes(&question, "hello, I am not a disk", 22);
	fails_with(&question, "/srv/mail.img: no partition table and no known file system; is it a "
			      "guest's disk?");
}

static void partitions_without_a_file_system_are_listed(void **state)
{
	_question_ struct question question = ask_about("active=; " TWO_PARTITIONS);

	(void)state;
	fails_with(&question,
		"/srv/mail.img: no partition with a known file system; found hd0,msdos1 (unknown) "
		"and hd0,msdos2 (unknown)");
}

static void the_administrator_names_the_configuration(void **state)
{
	static const char *const places[] = {"(hd0)/boot/extlinux/extlinux.conf",
		"/boot/extlinux/extlinux.conf", "(hd0)/odd.name"};
	_question_ struct question question = ask_about(TREE LEGACY("/boot/k1") EXTLINUX
		"cp $d/boot/extlinux/extlinux.conf $d/odd.name; " EXT4);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_inspection_ struct inspection *inspection = NULL;

		question.policy.config = text_of(places[i]);
		inspection = question_answer(&question);
		assert_int_equal(inspection->error.len, 0);
		assert_true(text_is(inspection->menu.default_entry->cmdline, "ext"));
	}
	question.policy.config = TEXT("(hd3)/boot/grub/grub.cfg");
	fails_with(&question,
		"/srv/mail.img: config = (hd3)/boot/grub/grub.cfg: no such file on any volume that "
		"can be read");
	question.policy.config = TEXT("/boot/k1");
	fails_with(&question,
		"/srv/mail.img: config = /boot/k1: in no boot loader's language that is known");
}

static void a_bare_configuration_is_read_by_its_content(void **state)
{
	static const struct {
		const char *content, *loader;
	} cases[] = {
		{"title a\nroot (hd0,0)\nkernel /vmlinuz ro\n", "grub"},
		{"DEFAULT l\nLABEL l\nLINUX /vmlinuz\nAPPEND ro\n", "extlinux"},
		{"menuentry 'a' {\nlinux /vmlinuz ro\n}\n", "grub2"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_question_ struct question question = question_make(QUESTION_CONFIG);
		_inspection_ struct inspection *inspection = NULL;

		question_add_bytes(&question, cases[i].content, strlen(cases[i].content));
		inspection = question_answer(&question);
		assert_string_equal(inspection->menu.loader.at, cases[i].loader);
		assert_true(text_is(inspection->menu.default_entry->kernel->path, "/vmlinuz"));
		assert_true(text_is(inspection->menu.default_entry->cmdline, "ro"));
	}
}

static void a_bare_configuration_of_no_language_is_an_error(void **state)
{
	_question_ struct question question = question_make(QUESTION_CONFIG);

	(void)state;
	question_add_bytes(&question, "#!/bin/sh\necho hello\n", 21);
	fails_with(&question, "/srv/mail.img: in no boot loader's language that is known");
	question.limits.max_config = 20;
	fails_with(&question, "/srv/mail.img: too big: 21 B, limit 20 B (max-config)");
}

/* The question about the initrd of a menu's default entry. */
static void ask_for_initrd(struct question *question, const struct inspection *menu)
{
	const struct content *content = &menu->menu.default_entry->content[SLOT_INITRD];

	question->kind = QUESTION_CONTENT;
	question->content_entry = (uint32_t)menu->menu.default_entry->index;
	question->content_slot = SLOT_INITRD;
	question->content_size = content->size;
	question->content_identity = content->identity;
}

static void the_later_parts_of_a_content_are_written(void **state)
{
	_question_ struct question question = ask_about(TREE LEGACY(
		"/boot/k1") "mke2fs -q -t ext4 -O inline_data -I 512 -d $IMAGE.tree $IMAGE; ");
	_inspection_ struct inspection *inspection = question_answer(&question);
	int fd = memfd_create("content", MFD_CLOEXEC);
	char bytes[7] = {0};
	struct err err = {0};

	(void)state;
	ask_for_initrd(&question, inspection);
	assert_int_equal(answer_content(&question, fd, &err), 0);
	assert_int_equal(pread(fd, bytes, 6, 0), 6);
	assert_string_equal(bytes, "initrd");
	question.content_identity++;
	assert_int_equal(answer_content(&question, fd, &err), -ESTALE);
	assert_string_equal(err.text, "the guest's files have changed");
	close(fd);
}

static void too_little_memory_is_told_and_nothing_worse(void **state)
{
	_question_ struct question question = ask_about(TREE LEGACY("/boot/k1") EXT4);

	(void)state;
	for (uint64_t memory = 0; memory < 8 * MIB; memory += 96 * 1024) {
		_inspection_ struct inspection *inspection = inspection_new(memory);
		struct err err = {0};

		assert_non_null(inspection);
		question.limits.memory = memory;
		if (answer_menu(&question, inspection, &err) < 0)
			assert_non_null(strstr(err.text, "inspect-memory"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_menu_is_found_and_completed),
		cmocka_unit_test(a_missing_kernel_is_the_error_of_the_manual),
		cmocka_unit_test(other_configurations_are_told_of),
		cmocka_unit_test(the_same_file_under_another_name_is_not_told_of),
		cmocka_unit_test(a_menu_that_cannot_boot_gives_way_to_one_that_can),
		cmocka_unit_test(the_active_partition_is_looked_at_first),
		cmocka_unit_test(the_menu_may_lie_on_the_second_disk),
		cmocka_unit_test(the_error_counts_places_and_the_log_lists_them),
		cmocka_unit_test(an_encrypted_disk_is_named),
		cmocka_unit_test(an_unknown_feature_is_named),
		cmocka_unit_test(what_is_no_disk_is_told_so),
		cmocka_unit_test(partitions_without_a_file_system_are_listed),
		cmocka_unit_test(the_administrator_names_the_configuration),
		cmocka_unit_test(a_bare_configuration_is_read_by_its_content),
		cmocka_unit_test(a_bare_configuration_of_no_language_is_an_error),
		cmocka_unit_test(the_later_parts_of_a_content_are_written),
		cmocka_unit_test(too_little_memory_is_told_and_nothing_worse),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
