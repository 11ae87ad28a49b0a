/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/calendar.h"
#include "tests/support/isofile.h"

#include <errno.h>

#include <setjmp.h>
#include <cmocka.h>

/* Lengths, chains and loops of Rock Ridge were XSA-497. */

static struct isofile iso;

enum { FOLDER = 40, AREA = 45, DATA = 50 };

#define PX_LINK                   "PX\x0e\x01\xff\xa1\0\0\0\0\0\0\0\0"
#define ZEROS                     "\0\0\0\0"
#define CE(block, offset, length) "CE\x1c\x01" block ZEROS offset ZEROS length ZEROS
#define HERE                      "\x2d\0\0\0" /* AREA */

/* A volume with one record, whose system use area holds `fields`. */
static void one_file(struct text fields)
{
	isofile_init(&iso, true);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("PLAIN"), 0, DATA, 5, fields);
}

static void area(const char *bytes, size_t len)
{
	memcpy(iso.bytes + AREA * ISO_SECTOR, bytes, len);
}

/* What listing the root gives. */
static void expect_names(const char *names)
{
	char all[2000];

	isofile_open(&iso);
	assert_int_equal(iso.r, 0);
	assert_int_equal(isofile_list(&iso, "/", all), 0);
	assert_string_equal(all, names);
	isofile_done(&iso);
}

/* The record is listed by its plain name, a warning says why, and its bytes are not believed. */
static void expect_damage(void)
{
	struct node node;
	char all[2000];

	isofile_open(&iso);
	assert_int_equal(iso.r, 0);
	assert_int_equal(isofile_list(&iso, "/", all), 0);
	assert_string_equal(all, "plain|");
	assert_true(text_is(iso.report.first->text, "hd0 ISO 9660: damaged Rock Ridge entries"));
	assert_int_equal(fs_walk(iso.fs, TEXT("/plain"), &node), 0);
	if (node.type == NODE_FILE)
		assert_int_equal(iso_ops.read(iso.fs, &node, 0, all, 5), -EUCLEAN);
	isofile_done(&iso);
}

static void reads_names_over_fields_and_areas(void **state)
{
	(void)state;
	one_file(TEXT("NM\x08\x01\1One" CE(HERE, ZEROS, "\x18\0\0\0") "NM\x07\x01\1-T"));
	area("NM\x08\x01\0wo!ST\4\1NM\x07\x01\0xx", 19);
	expect_names("One-Two!|");
	one_file(TEXT("NM\x05\x01\0"));
	expect_names("plain|");
	one_file(TEXT("NM\x05\x01\4"));
	expect_names("plain|");
	one_file(TEXT("NM\x08\x01\0../"));
	expect_names("");
	one_file(TEXT("XXNM"));
	expect_damage();
}

static void respects_the_case_of_rock_ridge_names(void **state)
{
	struct node node;

	(void)state;
	one_file(TEXT("NM\x09\x01\0Kern"));
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("Kern"), &node), 0);
	assert_int_equal(fs_walk(iso.fs, TEXT("kern"), &node), -ENOENT);
	assert_int_equal(fs_walk(iso.fs, TEXT("plain"), &node), -ENOENT);
	isofile_done(&iso);
}

static void reads_links(void **state)
{
	static const struct {
		struct text fields;
		const char *target;
	} links[] = {
		{TEXT("SL\x0d\x01\0\0\2ab\0\2cd"), "ab/cd"},
		{TEXT("SL\x0d\x01\0\1\2ab\0\2cd"), "abcd"},
		{TEXT("SL\x0b\x01\0\x8\0\0\2ab"), "/ab"},
		{TEXT("SL\x0d\x01\0\4\0\2\0\0\2ab"), ".././ab"},
		{TEXT("SL\x0b\x01\0\4\0\4\0\4\0"), "../../.."},
		{TEXT("SL\x09\x01\1\1\2abSL\x09\x01\0\0\2cd"), "abcd"},
		{TEXT("SL\x09\x01\1\0\2abSL\x09\x01\0\0\2cd"), "ab/cd"},
		{TEXT("SL\x05\x01\0"), ""},
		{TEXT("SL\x04\x01"), ""},
		{TEXT("SL\x06\x01\0\0"), ""},
	};
	char target[100];
	struct node node;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		char fields[200] = PX_LINK;
		size_t len = strlen(links[i].target);

		memcpy(fields + 14, links[i].fields.at, links[i].fields.len);
		one_file((struct text){fields, 14 + links[i].fields.len});
		isofile_open(&iso);
		assert_int_equal(iso.r, 0);
		assert_int_equal(iso.fs->ops->root(iso.fs, &node), 0);
		assert_int_equal(iso_ops.find(iso.fs, &node, TEXT("plain"), &node), 0);
		assert_int_equal(node.type, NODE_LINK);
		assert_int_equal(node.size, len);
		assert_int_equal(iso_ops.readlink(iso.fs, &node, target, sizeof(target)), len);
		assert_memory_equal(target, links[i].target, len);
		if (len)
			assert_int_equal(
				iso_ops.readlink(iso.fs, &node, target, len - 1), -ENAMETOOLONG);
		isofile_done(&iso);
	}
}

/* The name is listed, the link leads nowhere. */
static void expect_damaged_target(void)
{
	char target[5000], all[2000];
	struct node node;

	isofile_open(&iso);
	assert_int_equal(iso.r, 0);
	assert_int_equal(isofile_list(&iso, "/", all), 0);
	assert_string_equal(all, "plain|");
	assert_int_equal(iso.fs->ops->root(iso.fs, &node), 0);
	assert_int_equal(iso_ops.find(iso.fs, &node, TEXT("plain"), &node), 0);
	assert_int_equal(iso_ops.readlink(iso.fs, &node, target, sizeof(target)), -EUCLEAN);
	isofile_done(&iso);
}

static void refuses_a_component_longer_than_its_field(void **state)
{
	(void)state;
	one_file(TEXT("SL\x09\x01\0\0\3ab"));
	expect_damaged_target();
	one_file(TEXT("SL\x09\x01\0\0\377ab"));
	expect_damaged_target();
}

static void keeps_the_others_where_one_is_damaged(void **state)
{
	struct node node;
	char all[2000];

	(void)state;
	one_file(TEXT("NM\xff\x01\0ab"));
	isofile_add(&iso, ISOFILE_ROOT, TEXT("GOOD"), 0, DATA, 5, TEXT("NM\x09\x01\0Good"));
	isofile_open(&iso);
	assert_int_equal(isofile_list(&iso, "/", all), 0);
	assert_string_equal(all, "plain|Good|");
	assert_int_equal(fs_walk(iso.fs, TEXT("/Good"), &node), 0);
	assert_int_equal(fs_walk(iso.fs, TEXT("/none"), &node), -ENOENT);
	isofile_done(&iso);
}

static void refuses_a_field_longer_than_its_area(void **state)
{
	(void)state;
	one_file(TEXT("NM\xff\x01\0ab"));
	expect_damage();
	one_file(TEXT(CE(HERE, ZEROS, "\x06\0\0\0")));
	area("NM\x07\x01\0ab", 7);
	expect_damage();
	one_file(TEXT("NM\x04\x01"));
	expect_damage();
	one_file(TEXT("CE\x08\x01\0\0\0\0"));
	expect_damage();
}

static void reads_a_link_over_many_areas(void **state)
{
	char target[5000], *at = (char *)iso.bytes + AREA * ISO_SECTOR;
	struct node node;

	(void)state;
	one_file(TEXT("PX\x0c\x01\xff\xa1\0\0\0\0\0\0" CE(HERE, ZEROS, "\x24\0\0\0")));
	/* A component of one letter in each. */
	for (unsigned char i = 0; i < 50; i++, at += 36) {
		memcpy(at, "SL\x08\x01\0\0\1x" CE(HERE, ZEROS, "\x24\0\0\0"), 36);
		memcpy(at + 20, &(struct le16){htole16((uint16_t)((i + 1) * 36))}, 2);
	}
	memcpy(at - 28, "ST\4\1", 4);
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("/plain"), &node), -ENOENT);
	assert_int_equal(iso.fs->ops->root(iso.fs, &node), 0);
	assert_int_equal(iso_ops.find(iso.fs, &node, TEXT("plain"), &node), 0);
	assert_int_equal(node.type, NODE_LINK);
	assert_int_equal(iso_ops.readlink(iso.fs, &node, target, sizeof(target)), 99);
	assert_memory_equal(target, "x/x/x/x", 7);
	isofile_done(&iso);
}

static void refuses_names_and_targets_without_end(void **state)
{
	unsigned char *at;

	(void)state;
	/* Sixty pieces of 200 bytes in an area of 12300. */
	one_file(TEXT(CE(HERE, ZEROS, "\x0c\x30\0\0")));
	at = iso.bytes + AREA * ISO_SECTOR;
	for (int i = 0; i < 60; i++, at += 205)
		memcpy(at, "NM\xcd\x01\1", 5);
	expect_damage();
	at = iso.bytes + AREA * ISO_SECTOR;
	for (int i = 0; i < 60; i++, at += 205)
		memcpy(at, "SL\xcd\x01\1\0\xc6", 7);
	expect_damaged_target();
}

static void refuses_continuations_that_loop_or_lie_outside(void **state)
{
	(void)state;
	one_file(TEXT(CE(HERE, ZEROS, "\x1c\0\0\0")));
	area(CE(HERE, ZEROS, "\x1c\0\0\0"), 28);
	expect_damage();
	one_file(TEXT(CE("\xff\0\0\0", ZEROS, "\x1c\0\0\0")));
	expect_damage();
	one_file(TEXT(CE(HERE, "\xff\xff\xff\xff", "\x1c\0\0\0")));
	expect_damage();
	one_file(TEXT(CE(HERE, ZEROS, "\xff\xff\xff\xff")));
	expect_damage();
	one_file(TEXT(CE(HERE, ZEROS, "\x1c\0\0\0") CE(HERE, ZEROS, "\x1c\0\0\0")));
	expect_damage();
}

static void reads_times_in_both_forms(void **state)
{
	struct node node;

	(void)state;
	one_file(TEXT("TF\x1a\x01\x0e\x78\1\1\0\0\0\0\x78\1\2\0\0\0\0\x78\1\3\0\0\0\0"));
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("plain"), &node), 0);
	assert_int_equal(node.mtime_s, calendar_seconds(2020, 1, 1, 0, 0, 0));
	assert_int_equal(node.ctime_s, calendar_seconds(2020, 1, 3, 0, 0, 0));
	isofile_done(&iso);
	one_file(TEXT("TF\x16\x01\x82"
		      "2021020304050600\xfc"));
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("plain"), &node), 0);
	assert_int_equal(node.mtime_s, calendar_seconds(2021, 2, 3, 5, 5, 6));
	isofile_done(&iso);
	/* Fewer times than the flags say: those that are there. */
	one_file(TEXT("TF\x0c\x01\xff\x78\1\1\0\0\0\0"));
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("plain"), &node), 0);
	assert_int_equal(node.mtime_s, calendar_seconds(2020, 2, 29, 11, 0, 1));
	isofile_done(&iso);
}

static void follows_moved_folders(void **state)
{
	struct node node;
	char all[2000];

	(void)state;
	one_file(TEXT("CL\x0c\x01\x28\0\0\0\0\0\0\x28"));
	isofile_add(
		&iso, FOLDER, TEXT("\0"), ISO_FLAG_FOLDER, FOLDER, ISO_SECTOR, (struct text){0});
	isofile_add(&iso, FOLDER, TEXT("\1"), ISO_FLAG_FOLDER, ISOFILE_ROOT, ISO_SECTOR,
		TEXT("PL\x0c\x01\x14\0\0\0\0\0\0\x14"));
	isofile_add(&iso, FOLDER, TEXT("DEEP"), 0, DATA, 7, (struct text){0});
	isofile_add(&iso, ISOFILE_ROOT, TEXT("MOVED"), ISO_FLAG_FOLDER, FOLDER, ISO_SECTOR,
		TEXT("RE\x04\x01"));
	isofile_open(&iso);
	assert_int_equal(isofile_list(&iso, "/", all), 0);
	assert_string_equal(all, "plain|");
	assert_int_equal(fs_walk(iso.fs, TEXT("/plain/deep"), &node), 0);
	assert_int_equal(node.size, 7);
	isofile_done(&iso);
	/* The block does not hold a folder of that place. */
	isofile_both(iso.bytes + FOLDER * ISO_SECTOR + 2, FOLDER + 1);
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("/plain"), &node), -EUCLEAN);
	isofile_done(&iso);
	one_file(TEXT("CL\x0c\x01\xff\xff\xff\xff\0\0\0\0"));
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("/plain"), &node), -EUCLEAN);
	isofile_done(&iso);
}

static void refuses_compressed_files_aloud(void **state)
{
	struct extents extents = {0};
	struct node node;
	char byte;

	(void)state;
	one_file(TEXT("ZF\x10\x01pz\4\x0f\0\1\0\0\0\0\1\0"));
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("plain"), &node), 0);
	assert_int_equal(node.size, 256);
	assert_int_equal(iso_ops.read(iso.fs, &node, 0, &byte, 1), -ENOTSUP);
	assert_int_equal(iso_ops.extents(iso.fs, &node, &extents), -ENOTSUP);
	assert_int_equal(iso.report.lines, 1);
	isofile_done(&iso);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_names_over_fields_and_areas),
		cmocka_unit_test(respects_the_case_of_rock_ridge_names),
		cmocka_unit_test(reads_links),
		cmocka_unit_test(refuses_a_component_longer_than_its_field),
		cmocka_unit_test(keeps_the_others_where_one_is_damaged),
		cmocka_unit_test(reads_a_link_over_many_areas),
		cmocka_unit_test(refuses_a_field_longer_than_its_area),
		cmocka_unit_test(refuses_names_and_targets_without_end),
		cmocka_unit_test(refuses_continuations_that_loop_or_lie_outside),
		cmocka_unit_test(reads_times_in_both_forms),
		cmocka_unit_test(follows_moved_folders),
		cmocka_unit_test(refuses_compressed_files_aloud),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
