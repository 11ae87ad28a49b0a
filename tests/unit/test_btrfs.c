/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/btrfs/btrfs.h"
#include "tests/support/image.h"

#include <errno.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

extern const struct fs_ops btrfs_ops;

/* Too small for a second copy of the superblock: what is changed in the first one counts. */
enum { IMAGE_SIZE = 60 << 20, SUPER = BTRFS_SUPER_OFFSET };
static int image;

static int make_images(void **state)
{
	(void)state;
	image = image_make(IMAGE_SIZE,
		"mkdir -p $IMAGE.d/folder && echo content >$IMAGE.d/folder/file && "
		"ln -s target/of/link $IMAGE.d/link && head -c 100000 /dev/zero | tr '\\0' x "
		">$IMAGE.d/large && mkfs.btrfs -q -M -L 'a label' -U "
		"01234567-89ab-cdef-0123-456789abcdef --rootdir $IMAGE.d $IMAGE");
	return 0;
}

static int drop_images(void **state)
{
	(void)state;
	close(image);
	return 0;
}

static void open_image(struct image_view *view)
{
	image_open(view, &btrfs_ops, image, IMAGE_SIZE);
}

static int open_changed(size_t at, const void *bytes, size_t len, struct err *err)
{
	return image_try(
		&btrfs_ops, image, IMAGE_SIZE, SUPER + at, bytes, len, "/folder/file", err);
}

static void opens_and_tells_uuid_and_label(void **state)
{
	struct image_view view;

	(void)state;
	open_image(&view);
	assert_int_equal(btrfs_ops.probe(&view.dev), 1);
	assert_int_equal(view.r, 0);
	assert_int_equal(view.report.lines, 0);
	assert_string_equal(view.fs->uuid.at, "01234567-89ab-cdef-0123-456789abcdef");
	assert_string_equal(view.fs->label.at, "a label");
	image_close(&view);
}

static void walks_to_files_and_reads_links(void **state)
{
	struct image_view view;
	struct node node, root;
	char bytes[20];

	(void)state;
	open_image(&view);
	assert_int_equal(fs_walk(view.fs, TEXT("/folder/file"), &node), 0);
	assert_int_equal(view.fs->ops->read(view.fs, &node, 3, bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "tent\n", 5);
	assert_int_equal(view.fs->ops->read(view.fs, &node, 8, bytes, sizeof(bytes)), 0);
	assert_int_equal(fs_walk(view.fs, TEXT("/folder/none"), &node), -ENOENT);
	assert_int_equal(fs_walk(view.fs, TEXT("/large/x"), &node), -ENOTDIR);
	assert_int_equal(view.fs->ops->root(view.fs, &root), 0);
	assert_int_equal(view.fs->ops->find(view.fs, &root, TEXT("link"), &node), 0);
	assert_int_equal(view.fs->ops->readlink(view.fs, &node, bytes, sizeof(bytes)), 14);
	assert_memory_equal(bytes, "target/of/link", 14);
	assert_int_equal(view.fs->ops->readlink(view.fs, &node, bytes, 13), -ENAMETOOLONG);
	image_close(&view);
}

static void refuses_what_is_not_btrfs(void **state)
{
	struct image_view view;
	size_t at = offsetof(struct btrfs_disk_super, magic);

	(void)state;
	assert_int_equal(open_changed(at, "_BHRfS_N", 8, NULL), -EINVAL);
	image_open(&view, &btrfs_ops, image, 1000);
	assert_int_equal(btrfs_ops.probe(&view.dev), 0);
	assert_int_equal(view.r, -EINVAL);
	image_close(&view);
}

static void refuses_a_volume_that_was_cut_off(void **state)
{
	struct image_view view;

	(void)state;
	image_open(&view, &btrfs_ops, image, IMAGE_SIZE - (1 << 20));
	assert_int_equal(view.r, -EUCLEAN);
	assert_non_null(strstr(view.err.text, "cut off"));
	image_close(&view);
}

#define FIELD(name)                                                  \
	{                                                            \
#name, offsetof(struct btrfs_disk_super, name),      \
			sizeof(((struct btrfs_disk_super *)0)->name) \
	}

static const struct field {
	const char *name;
	size_t at, size;
} needed[] = {FIELD(root), FIELD(chunk_root), FIELD(sector_size), FIELD(node_size),
	FIELD(checksum_type), FIELD(device.total_bytes)};

static void refuses_needed_superblock_fields_at_their_extremes(void **state)
{
	static const uint8_t fills[] = {0x00, 0xff, 0x7f, 0x80, 0x01};
	uint8_t value[8];
	size_t f, i;

	(void)state;
	for (f = 0; f < ARRAY_SIZE(needed); f++) {
		for (i = 0; i < ARRAY_SIZE(fills); i++) {
			memset(value, fills[i], sizeof(value));
			/* Type 0 is crc32c: the right one here. */
			if (needed[f].at == offsetof(struct btrfs_disk_super, checksum_type) &&
				fills[i] == 0)
				continue;
			if (open_changed(needed[f].at, value, needed[f].size, NULL) == 0)
				fail_msg("%s of 0x%02x is believed", needed[f].name, fills[i]);
		}
	}
}

static void survives_every_byte_of_the_superblock_at_its_extremes(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	size_t at, i;

	(void)state;
	for (at = 0; at < offsetof(struct btrfs_disk_super, chunks) + 400; at++) {
		if (at >= offsetof(struct btrfs_disk_super, label) + 2 &&
			at < offsetof(struct btrfs_disk_super, cache_generation))
			continue;
		for (i = 0; i < ARRAY_SIZE(values); i++)
			(void)open_changed(at, &values[i], 1, NULL);
	}
}

static void names_the_unknown_incompatible_feature(void **state)
{
	struct le64 features = {htole64(0x8000000000000041)};
	struct err err;

	(void)state;
	assert_int_equal(open_changed(offsetof(struct btrfs_disk_super, incompat), &features,
				 sizeof(features), &err),
		-ENOTSUP);
	assert_string_equal(err.text, "btrfs uses unknown incompatible feature 0x8000000000000000; "
				      "update bootfs or boot with kernel=");
}

static void names_the_unknown_checksum_type(void **state)
{
	struct le16 type = {htole16(9)};
	struct err err;

	(void)state;
	assert_int_equal(open_changed(offsetof(struct btrfs_disk_super, checksum_type), &type,
				 sizeof(type), &err),
		-ENOTSUP);
	assert_non_null(strstr(err.text, "checksum type 9"));
}

static void accepts_every_compatible_feature(void **state)
{
	struct le64 features = {UINT64_MAX}; /* block group tree, free space tree, verity... */

	(void)state;
	assert_int_equal(open_changed(offsetof(struct btrfs_disk_super, compat_ro), &features,
				 sizeof(features), NULL),
		0);
	assert_int_equal(open_changed(offsetof(struct btrfs_disk_super, compat), &features,
				 sizeof(features), NULL),
		0);
}

static void tells_of_wrong_checksums_once(void **state)
{
	struct image_change changed = image_change(image, SUPER, "abcd", 4);
	struct image_view view;

	(void)state;
	open_image(&view);
	assert_int_equal(view.r, 0);
	assert_true(
		image_reported(&view, REPORT_NOTE, "hd0 btrfs: wrong checksum on the superblock"));
	assert_int_equal(view.report.lines, 1);
	image_close(&view);
	image_restore(&changed);
}

static void warns_when_the_log_was_not_replayed(void **state)
{
	struct le64 log_root = {htole64(4096)};
	struct image_change changed = image_change(image,
		SUPER + offsetof(struct btrfs_disk_super, log_root), &log_root, sizeof(log_root));
	struct image_view view;

	(void)state;
	open_image(&view);
	assert_int_equal(view.r, 0);
	assert_true(image_reported(&view, REPORT_WARNING,
		"hd0 btrfs: log not replayed: recent changes may be missing"));
	image_close(&view);
	image_restore(&changed);
}

/* The values that the algorithms' own documents give. */
static void knows_all_four_checksums(void **state)
{
	static const struct {
		uint16_t type;
		const char *bytes;
		uint8_t sum[8];
	} known[] = {
		{0, "123456789", {0x83, 0x92, 0x06, 0xe3}},
		{1, "", {0x99, 0xe9, 0xd8, 0x51, 0x37, 0xdb, 0x46, 0xef}},
		{2, "abc", {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea}},
		{3, "abc", {0xbd, 0xdd, 0x81, 0x3c, 0x63, 0x42, 0x39, 0x72}},
	};
	uint8_t sum[BTRFS_CHECKSUM_ROOM];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(known); i++) {
		btrfs_checksum(known[i].type, known[i].bytes, strlen(known[i].bytes), sum);
		assert_memory_equal(
			sum, known[i].sum, min_size(8, btrfs_checksum_size(known[i].type)));
		assert_true(btrfs_checksum_good(
			known[i].type, known[i].bytes, strlen(known[i].bytes), sum));
		sum[btrfs_checksum_size(known[i].type) - 1] ^= 1;
		assert_false(btrfs_checksum_good(
			known[i].type, known[i].bytes, strlen(known[i].bytes), sum));
	}
}

static void refuses_to_unpack_what_is_damaged(void **state)
{
	/* A stream's beginning, then a segment that claims more bytes than there are. */
	static const struct {
		uint8_t packing, bytes[12];
	} damaged[] = {
		{BTRFS_ZLIB, {0x78, 0x9c, 0xff, 0xff}},
		{BTRFS_LZO, {12, 0, 0, 0, 200, 0, 0, 0, 1, 2, 3, 4}},
		{BTRFS_LZO, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4}},
		{BTRFS_LZO, {12, 0, 0, 0, 0, 0, 0, 0}},
		{BTRFS_LZO, {3, 0, 0, 0, 8, 0, 0, 0}},
		{BTRFS_ZSTD, {0x28, 0xb5, 0x2f, 0xfd, 0x60, 0xff, 0xff}},
	};
	struct btrfs btrfs = {.sector_size = 4096};
	uint8_t out[4096];
	size_t i, done;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(damaged); i++) {
		assert_int_equal(btrfs_unpack(&btrfs, damaged[i].packing, damaged[i].bytes,
					 sizeof(damaged[i].bytes), out, sizeof(out), &done),
			-EUCLEAN);
		assert_int_equal(btrfs_unpack(&btrfs, damaged[i].packing, damaged[i].bytes, 0, out,
					 sizeof(out), &done),
			-EUCLEAN);
	}
	assert_int_equal(btrfs_unpack(&btrfs, 4, out, 4, out, 4, &done), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_and_tells_uuid_and_label),
		cmocka_unit_test(walks_to_files_and_reads_links),
		cmocka_unit_test(refuses_what_is_not_btrfs),
		cmocka_unit_test(refuses_a_volume_that_was_cut_off),
		cmocka_unit_test(refuses_needed_superblock_fields_at_their_extremes),
		cmocka_unit_test(survives_every_byte_of_the_superblock_at_its_extremes),
		cmocka_unit_test(names_the_unknown_incompatible_feature),
		cmocka_unit_test(names_the_unknown_checksum_type),
		cmocka_unit_test(accepts_every_compatible_feature),
		cmocka_unit_test(tells_of_wrong_checksums_once),
		cmocka_unit_test(warns_when_the_log_was_not_replayed),
		cmocka_unit_test(knows_all_four_checksums),
		cmocka_unit_test(refuses_to_unpack_what_is_damaged),
	};

	return cmocka_run_group_tests(tests, make_images, drop_images);
}
