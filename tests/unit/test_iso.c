/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/calendar.h"
#include "tests/support/isofile.h"

#include <errno.h>

#include <setjmp.h>
#include <cmocka.h>

static const struct text no_fields;
static struct isofile iso;

enum { FOLDER = 40, DATA = 50 };

static void shows_plain_names_without_version(void **state)
{
	struct node node;
	char all[2000];

	(void)state;
	isofile_init(&iso, false);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("VMLINUZ.;1"), 0, DATA, 10, no_fields);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("GRUB.CFG;12"), 0, DATA, 10, no_fields);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("BOOT"), ISO_FLAG_FOLDER, FOLDER, 2048, no_fields);
	isofile_add(
		&iso, ISOFILE_ROOT, TEXT("RESOURCE;1"), ISO_FLAG_ASSOCIATED, DATA, 1, no_fields);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("A/B"), 0, DATA, 1, no_fields);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("..;1"), 0, DATA, 1, no_fields);
	isofile_add(&iso, ISOFILE_ROOT, TEXT(";"), 0, DATA, 1, no_fields);
	isofile_open(&iso);
	assert_int_equal(iso_ops.probe(&iso.dev), 1);
	assert_int_equal(iso.r, 0);
	assert_int_equal(isofile_list(&iso, "/", all), 0);
	assert_string_equal(all, "vmlinuz|grub.cfg|boot|;|");
	assert_int_equal(fs_walk(iso.fs, TEXT("/Grub.Cfg"), &node), 0);
	assert_int_equal(node.size, 10);
	assert_int_equal(node.mtime_s, calendar_seconds(2020, 2, 29, 11, 0, 1));
	isofile_done(&iso);
}

static void tells_label_and_date(void **state)
{
	(void)state;
	isofile_init(&iso, false);
	isofile_open(&iso);
	assert_string_equal(iso.fs->label.at, "A_LABEL");
	assert_string_equal(iso.fs->uuid.at, "2019-12-31-23-59-59-99");
	isofile_done(&iso);

	/* The time of modification goes first, unless it is not set. */
	memcpy(iso.bytes + 16 * ISO_SECTOR + 830, "2020010203040506", 16);
	isofile_joliet(&iso, FOLDER);
	isofile_open(&iso);
	assert_string_equal(iso.fs->label.at, "A\u201dLABEL");
	assert_string_equal(iso.fs->uuid.at, "2020-01-02-03-04-05-06");
	isofile_done(&iso);

	memcpy(iso.bytes + 16 * ISO_SECTOR + 830, "0000000000000000", 16);
	memcpy(iso.bytes + 16 * ISO_SECTOR + 813, "2020\n10203040506", 16);
	isofile_open(&iso);
	assert_int_equal(iso.fs->uuid.len, 0);
	isofile_done(&iso);
}

static void reads_joliet_where_there_is_no_rock_ridge(void **state)
{
	struct node node;
	char all[2000];

	(void)state;
	for (int rock = 0; rock < 2; rock++) {
		isofile_init(&iso, rock);
		isofile_joliet(&iso, FOLDER);
		isofile_add(&iso, ISOFILE_ROOT, TEXT("PLAIN"), 0, DATA, 1, no_fields);
		isofile_add(
			&iso, FOLDER, TEXT("\0G\0r\0\xf6\0\xdf\0e\0;\0001"), 0, DATA, 1, no_fields);
		isofile_add(&iso, FOLDER, TEXT("\0a\0/\0b"), 0, DATA, 1, no_fields);
		isofile_open(&iso);
		assert_int_equal(isofile_list(&iso, "/", all), 0);
		assert_string_equal(all, rock ? "plain|" : "Größe|");
		assert_int_equal(fs_walk(iso.fs, TEXT("GRÖßE"), &node), rock ? -ENOENT : 0);
		isofile_done(&iso);
	}
}

static void reads_a_file_in_several_sections(void **state)
{
	struct extents extents = {0};
	struct node node;
	char buf[5000];

	(void)state;
	isofile_init(&iso, false);
	memset(iso.bytes + DATA * ISO_SECTOR, 'a', ISO_SECTOR);
	memset(iso.bytes + (DATA + 5) * ISO_SECTOR, 'b', 100);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("BIG.;1"), ISO_FLAG_MORE, DATA, ISO_SECTOR, no_fields);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("BIG.;1"), 0, DATA + 5, 100, no_fields);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("NEXT"), 0, DATA, 1, no_fields);
	isofile_open(&iso);
	assert_int_equal(isofile_list(&iso, "/", buf), 0);
	assert_string_equal(buf, "big|next|");
	assert_int_equal(fs_walk(iso.fs, TEXT("big"), &node), 0);
	assert_int_equal(node.size, ISO_SECTOR + 100);
	assert_int_equal(iso_ops.read(iso.fs, &node, 1000, buf, sizeof(buf)), 1148);
	assert_true(buf[1047] == 'a' && buf[1048] == 'b' && buf[1147] == 'b');
	assert_int_equal(iso_ops.read(iso.fs, &node, 2148, buf, sizeof(buf)), 0);
	assert_int_equal(iso_ops.extents(iso.fs, &node, &extents), 0);
	assert_int_equal(
		extents.at[extents.count - 1].offset + extents.at[extents.count - 1].length, 2148);
	extents_done(&extents);
	isofile_done(&iso);
}

static void refuses_sections_without_an_end(void **state)
{
	struct node node;

	(void)state;
	isofile_init(&iso, false);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("BIG"), ISO_FLAG_MORE, DATA, 1, no_fields);
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("big"), &node), -EUCLEAN);
	isofile_done(&iso);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("OTHER"), 0, DATA, 1, no_fields);
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("big"), &node), -EUCLEAN);
	isofile_done(&iso);
}

static void refuses_content_that_lies_outside(void **state)
{
	static const struct {
		uint32_t block, size;
	} places[] = {
		{ISOFILE_SECTORS, 1},
		{ISOFILE_SECTORS - 1, ISO_SECTOR + 1},
		{UINT32_MAX, UINT32_MAX},
		{0, UINT32_MAX},
	};
	struct extents extents = {0};
	struct node node;
	char byte;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		isofile_init(&iso, false);
		isofile_add(&iso, ISOFILE_ROOT, TEXT("F"), 0, places[i].block, places[i].size,
			no_fields);
		isofile_add(&iso, ISOFILE_ROOT, TEXT("D"), ISO_FLAG_FOLDER, places[i].block,
			places[i].size, no_fields);
		isofile_open(&iso);
		assert_int_equal(fs_walk(iso.fs, TEXT("f"), &node), 0);
		assert_int_equal(iso_ops.extents(iso.fs, &node, &extents), -EUCLEAN);
		assert_true(iso_ops.read(iso.fs, &node, node.size - 1, &byte, 1) < 0);
		assert_int_equal(fs_walk(iso.fs, TEXT("d/x"), &node), -EUCLEAN);
		extents_done(&extents);
		isofile_done(&iso);
	}
	/* An empty file lies nowhere. */
	isofile_init(&iso, false);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("F"), 0, UINT32_MAX, 0, no_fields);
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("f"), &node), 0);
	assert_int_equal(iso_ops.extents(iso.fs, &node, &extents), 0);
	assert_int_equal(extents.count, 0);
	isofile_done(&iso);
}

static void refuses_records_whose_lengths_contradict(void **state)
{
	static const struct {
		unsigned char at, value;
	} changes[] = {
		{0, 1},    /* shorter than a record */
		{0, 33},   /* without a name */
		{32, 0},   /* a name of no bytes */
		{32, 200}, /* longer than its record */
	};
	struct node node;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		unsigned char *record;

		isofile_init(&iso, false);
		record = isofile_add(&iso, ISOFILE_ROOT, TEXT("FILE"), 0, DATA, 1, no_fields);
		record[changes[i].at] = changes[i].value;
		isofile_open(&iso);
		assert_int_equal(fs_walk(iso.fs, TEXT("file"), &node), -EUCLEAN);
		isofile_done(&iso);
	}
	/* A record that goes on behind the folder's end. */
	isofile_init(&iso, false);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("X"), 0, DATA, 1, no_fields);
	isofile_both(iso.bytes + 16 * ISO_SECTOR + 156 + 10, 2 * 34 + 33);
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("file"), &node), -EUCLEAN);
	isofile_done(&iso);
}

static void refuses_interleaved_files(void **state)
{
	struct node node;
	char byte;

	(void)state;
	isofile_init(&iso, false);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("FILE"), 0, DATA, 1, no_fields)[27] = 1;
	isofile_open(&iso);
	assert_int_equal(fs_walk(iso.fs, TEXT("file"), &node), 0);
	assert_int_equal(iso_ops.read(iso.fs, &node, 0, &byte, 1), -ENOTSUP);
	assert_int_equal(iso.report.lines, 1);
	isofile_done(&iso);
}

/* Changes a byte, opens, walks and puts it back. */
static void survive(uint32_t at, unsigned char value)
{
	unsigned char before = iso.bytes[at];
	struct node node;
	char all[2000];

	iso.bytes[at] = value;
	isofile_open(&iso);
	if (iso.r == 0) {
		assert_true(fs_walk(iso.fs, TEXT("/dir/none"), &node) < 0);
		assert_true(isofile_list(&iso, "/", all) <= 0);
	}
	isofile_done(&iso);
	iso.bytes[at] = before;
}

static void survives_every_byte_at_its_extremes(void **state)
{
	static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	uint32_t root = ISOFILE_ROOT * ISO_SECTOR;

	(void)state;
	isofile_init(&iso, true);
	isofile_add(&iso, ISOFILE_ROOT, TEXT("DIR"), ISO_FLAG_FOLDER, FOLDER, 2048,
		TEXT("NM\x08\x01\0dirPX\x24\x01\xed\x41\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		     "\0\0\0\0\0\0\0\0"));
	isofile_add(&iso, ISOFILE_ROOT, TEXT("LINK"), 0, DATA, 0,
		TEXT("SL\x0b\x01\0\0\4abcdCE\x1c\x01\x32\0\0\0\0\0\0\x32\0\0\0\0\0\0\0\0\x20\0\0"
		     "\0\0\0\0\x20"));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		for (uint32_t at = 0; at < 900; at++)
			survive(16 * ISO_SECTOR + at, values[i]);
		for (uint32_t at = root; at < root + 300; at++)
			survive(at, values[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_plain_names_without_version),
		cmocka_unit_test(tells_label_and_date),
		cmocka_unit_test(reads_joliet_where_there_is_no_rock_ridge),
		cmocka_unit_test(reads_a_file_in_several_sections),
		cmocka_unit_test(refuses_sections_without_an_end),
		cmocka_unit_test(refuses_content_that_lies_outside),
		cmocka_unit_test(refuses_records_whose_lengths_contradict),
		cmocka_unit_test(refuses_interleaved_files),
		cmocka_unit_test(survives_every_byte_at_its_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
