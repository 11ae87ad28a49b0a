/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/format.h"
#include "tests/support/image.h"

#include <errno.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

extern const struct fs_ops xfs_ops;

enum { IMAGE_SIZE = 300 << 20 };

/* Real images, made once; a test writes into one and puts back what it changed. */
enum { V4, V5, NOCASE, LARGE, IMAGES };
static int images[IMAGES];

#define MAKE                                                                            \
	"printf '/x\\n0 0\\nd--755 0 0\\nhello ---644 0 0 /dev/null\\nlink l--777 0 0 " \
	"target/of/link"                                                                \
	"\\nfolder d--755 0 0\\nMixedCase ---644 0 0 /dev/null\\n$\\n$\\n' >$IMAGE.p; " \
	"mkfs.xfs -q -p $IMAGE.p $IMAGE "

static int make_images(void **state)
{
	(void)state;
	images[V4] = image_make(IMAGE_SIZE, MAKE "-m crc=0,finobt=0 -n ftype=0");
	images[V5] = image_make(
		IMAGE_SIZE, MAKE "-m uuid=01234567-89ab-cdef-0123-456789abcdef -L 'a label'");
	images[LARGE] = image_make(IMAGE_SIZE,
		"{ printf '/x\\n0 0\\nd--755 0 0\\n'; seq -f 'vmlinuz-%05.0f-amd64 ---644 0 0 "
		"/dev/null' 20000; echo '$'; } >$IMAGE.p; mkfs.xfs -q -p $IMAGE.p $IMAGE");
	images[NOCASE] = image_make(IMAGE_SIZE, MAKE "-m crc=0,finobt=0 -n version=ci");
	return 0;
}

static int drop_images(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < IMAGES; i++)
		close(images[i]);
	return 0;
}

static void open_image(struct image_view *view, int image)
{
	image_open(view, &xfs_ops, images[image], IMAGE_SIZE);
}

static void opens_every_version_and_tells_uuid_and_label(void **state)
{
	struct image_view view;
	int i;

	(void)state;
	for (i = 0; i < LARGE; i++) {
		open_image(&view, i);
		assert_int_equal(xfs_ops.probe(&view.dev), 1);
		assert_int_equal(view.r, 0);
		assert_int_equal(view.report.lines, 0);
		if (i == V5) {
			assert_string_equal(
				view.fs->uuid.at, "01234567-89ab-cdef-0123-456789abcdef");
			assert_string_equal(view.fs->label.at, "a label");
		}
		image_close(&view);
	}
}

static void walks_to_files_and_reads_links(void **state)
{
	struct image_view view;
	struct node node;
	char target[20];
	int i;

	(void)state;
	for (i = 0; i < LARGE; i++) {
		open_image(&view, i);
		assert_int_equal(fs_walk(view.fs, TEXT("/folder/MixedCase"), &node), 0);
		assert_int_equal(node.type, NODE_FILE);
		assert_int_equal(node.mode, 0644);
		assert_int_equal(fs_walk(view.fs, TEXT("/folder/none"), &node), -ENOENT);
		assert_int_equal(fs_walk(view.fs, TEXT("/hello/x"), &node), -ENOTDIR);
		assert_int_equal(view.fs->ops->root(view.fs, &node), 0);
		assert_int_equal(view.fs->ops->find(view.fs, &node, TEXT("link"), &node), 0);
		assert_int_equal(
			view.fs->ops->readlink(view.fs, &node, target, sizeof(target)), 14);
		assert_memory_equal(target, "target/of/link", 14);
		assert_int_equal(view.fs->ops->readlink(view.fs, &node, target, 13), -ENAMETOOLONG);
		image_close(&view);
	}
}

static void ignores_case_only_where_the_file_system_does(void **state)
{
	struct image_view view;
	struct node node;
	int i, expected;

	(void)state;
	for (i = 0; i < LARGE; i++) {
		expected = i == NOCASE ? 0 : -ENOENT;
		open_image(&view, i);
		assert_int_equal(fs_walk(view.fs, TEXT("/FOLDER/mIXEDcASE"), &node), expected);
		image_close(&view);
	}
}

/* Bytes read so far through the blockdev below. */
static uint64_t bytes_read;

static int counting_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	bytes_read += len;
	return blockdev_read(dev->under, dev->start + offset, buf, len);
}

static int count_name(void *context, struct text name)
{
	(void)name;
	++*(uint32_t *)context;
	return 0;
}

static void finds_a_name_without_reading_the_whole_folder(void **state)
{
	struct blockdev disk = blockdev_on_fd(images[LARGE], 0, IMAGE_SIZE, 512), counting = disk;
	struct node root, node;
	struct image_view view;
	uint32_t names = 0;
	struct fs *fs;

	(void)state;
	counting.read = counting_read;
	counting.under = &disk;
	open_image(&view, LARGE);
	assert_int_equal(xfs_ops.open(&(struct fs_source){.dev = &counting,
					      .arena = &view.arena,
					      .report = &view.report},
				 &fs, NULL),
		0);
	assert_int_equal(fs->ops->root(fs, &root), 0);
	bytes_read = 0;
	assert_int_equal(fs->ops->find(fs, &root, TEXT("vmlinuz-13579-amd64"), &node), 0);
	assert_int_equal(fs->ops->find(fs, &root, TEXT("vmlinuz-13579-arm64"), &node), -ENOENT);
	assert_true(bytes_read < 65536);
	assert_int_equal(fs->ops->list(fs, &root, count_name, &names), 0);
	assert_int_equal(names, 20000);
	assert_true(bytes_read > root.size / 2);
	image_close(&view);
}

static void refuses_what_is_not_xfs(void **state)
{
	struct image_change changed = image_change(images[V5], 0, "XFSC", 4);
	struct image_view view;

	(void)state;
	open_image(&view, V5);
	assert_int_equal(xfs_ops.probe(&view.dev), 0);
	assert_int_equal(view.r, -EINVAL);
	image_close(&view);
	image_restore(&changed);
	image_open(&view, &xfs_ops, images[V5], 3);
	assert_int_equal(xfs_ops.probe(&view.dev), 0);
	assert_int_equal(view.r, -EINVAL);
	image_close(&view);
}

/* What open() says with bytes of the superblock changed. */
static int open_changed(int image, uint64_t at, const void *bytes, size_t len)
{
	return image_try(
		&xfs_ops, images[image], IMAGE_SIZE, at, bytes, len, "/folder/MixedCase", NULL);
}

#define FIELD(name)                                                \
	{                                                          \
#name, offsetof(struct xfs_disk_super, name),      \
			sizeof(((struct xfs_disk_super *)0)->name) \
	}

struct field {
	const char *name;
	size_t at, size;
};

static const struct field needed[] = {FIELD(block_size), FIELD(blocks), FIELD(root_ino),
	FIELD(ag_blocks), FIELD(ag_count), FIELD(version), FIELD(sector_size), FIELD(inode_size),
	FIELD(inodes_per_block), FIELD(block_log), FIELD(sector_log), FIELD(inode_log),
	FIELD(inodes_per_block_log), FIELD(ag_block_log)};

/* XSA-443 was a superblock that was believed. */
static void refuses_needed_superblock_fields_at_their_extremes(void **state)
{
	static const uint8_t fills[] = {0x00, 0xff, 0x7f, 0x80, 0x01};
	uint8_t value[8];
	size_t f, i;
	int image;

	(void)state;
	for (image = V4; image <= V5; image++) {
		for (f = 0; f < ARRAY_SIZE(needed); f++) {
			for (i = 0; i < ARRAY_SIZE(fills); i++) {
				memset(value, fills[i], sizeof(value));
				if (open_changed(image, needed[f].at, value, needed[f].size))
					continue;
				fail_msg("%s of 0x%02x is believed", needed[f].name, fills[i]);
			}
		}
	}
}

static void survives_every_byte_of_the_superblock_at_its_extremes(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	size_t at, i;
	int image;

	(void)state;
	for (image = V4; image <= V5; image++) {
		for (at = 0; at < 272; at++) {
			for (i = 0; i < ARRAY_SIZE(values); i++)
				(void)open_changed(image, at, &values[i], 1);
		}
	}
}

static void refuses_a_volume_that_was_cut_off(void **state)
{
	struct image_view view;

	(void)state;
	image_open(&view, &xfs_ops, images[V5], IMAGE_SIZE - 1);
	assert_int_equal(view.r, -EUCLEAN);
	assert_non_null(strstr(view.err.text, "cut off"));
	image_close(&view);
}

/* The features of version 5, as they stand in the superblock. */
static int open_with_features(size_t at, uint32_t features, struct err *err)
{
	struct be32 value = {htobe32(features)};

	return image_try(
		&xfs_ops, images[V5], IMAGE_SIZE, at, &value, sizeof(value), "/hello", err);
}

static void names_the_unknown_incompatible_feature(void **state)
{
	size_t at = offsetof(struct xfs_disk_super, features_incompat);
	struct err err;

	(void)state;
	assert_int_equal(open_with_features(at, 0x80000001, &err), -ENOTSUP);
	assert_string_equal(err.text, "XFS uses unknown incompatible feature 0x80000000; update "
				      "bootfs or boot with kernel=");
}

static void accepts_newer_and_read_only_compatible_features(void **state)
{
	size_t incompat = offsetof(struct xfs_disk_super, features_incompat);
	size_t ro = offsetof(struct xfs_disk_super, features_ro_compat);
	size_t compat = offsetof(struct xfs_disk_super, features_compat);

	(void)state;
	assert_int_equal(open_with_features(incompat, 0x01 | 0x80, NULL), 0);  /* parent pointers */
	assert_int_equal(open_with_features(incompat, 0x01 | 0x100, NULL), 0); /* metadata folder */
	assert_int_equal(open_with_features(ro, UINT32_MAX, NULL), 0);
	assert_int_equal(open_with_features(compat, UINT32_MAX, NULL), 0);
}

static void refuses_versions_and_features_it_cannot_read(void **state)
{
	size_t at = offsetof(struct xfs_disk_super, version);
	struct be16 value;

	(void)state;
	value.raw = htobe16(0x2003);
	assert_int_equal(open_changed(V4, at, &value, sizeof(value)), -ENOTSUP);
	value.raw = htobe16(0x2006);
	assert_int_equal(open_changed(V4, at, &value, sizeof(value)), -ENOTSUP);
	value.raw = htobe16(0x1004); /* version 1 folders */
	assert_int_equal(open_changed(V4, at, &value, sizeof(value)), -ENOTSUP);
}

static void tells_of_wrong_checksums_once(void **state)
{
	struct image_change changed =
		image_change(images[V5], offsetof(struct xfs_disk_super, crc), "abcd", 4);
	struct image_view view;

	(void)state;
	open_image(&view, V5);
	assert_int_equal(view.r, 0);
	assert_true(
		image_reported(&view, REPORT_NOTE, "hd0 XFS: wrong checksum on the superblock"));
	assert_int_equal(view.report.lines, 1);
	image_close(&view);
	image_restore(&changed);
}

/* Where the log begins, bytes. */
static uint64_t log_place(int image)
{
	struct xfs_disk_super super;
	uint64_t block, group;

	assert_int_equal(pread(images[image], &super, sizeof(super), 0), sizeof(super));
	block = be64_get(super.log_start);
	group = block >> super.ag_block_log;
	block &= ((uint64_t)1 << super.ag_block_log) - 1;
	return (group * be32_get(super.ag_blocks) + block) << super.block_log;
}

/* The log's only record says "unmounted": cut off or damaged it says nothing. */
static void refuses_a_log_that_cannot_be_replayed(void **state)
{
	uint8_t flags = 0x01; /* begins a transaction, instead of "unmounted" */
	uint8_t uuid = 0x5a;
	struct image_change changed[2];
	struct image_view view;
	int image;

	(void)state;
	for (image = V4; image <= V5; image++) {
		changed[0] = image_change(images[image], log_place(image) + 512 + 9, &flags, 1);
		open_image(&view, image);
		assert_int_equal(view.r, 0); /* a transaction that never ends */
		assert_int_equal(view.report.lines, 0);
		image_close(&view);
		changed[1] = image_change(images[image], log_place(image) + 304, &uuid, 1);
		open_image(&view, image);
		assert_int_equal(view.r, -EUCLEAN);
		assert_string_equal(view.err.text,
			"XFS log cannot be replayed: it belongs to another file system; see "
			"xfs_repair(8)");
		image_close(&view);
		image_restore(&changed[1]);
		image_restore(&changed[0]);
	}
}

static void takes_an_unused_log_for_clean(void **state)
{
	static const uint8_t zeros[512];
	struct image_change changed = image_change(images[V5], log_place(V5), zeros, sizeof(zeros));
	struct image_view view;

	(void)state;
	open_image(&view, V5);
	assert_int_equal(view.r, 0);
	assert_int_equal(view.report.lines, 0);
	image_close(&view);
	image_restore(&changed);
}

static void refuses_a_realtime_file_by_its_number(void **state)
{
	struct be16 flags = {htobe16(XFS_INODE_REALTIME)};
	struct xfs_disk_super super;
	struct image_view view;
	struct image_change changed;
	struct node node;
	uint64_t at;
	char byte;

	(void)state;
	open_image(&view, V5);
	assert_int_equal(pread(images[V5], &super, sizeof(super), 0), sizeof(super));
	assert_int_equal(fs_walk(view.fs, TEXT("/hello"), &node), 0);
	at = node.ino * be16_get(super.inode_size) + offsetof(struct xfs_disk_inode, flags);
	changed = image_change(images[V5], at, &flags, sizeof(flags));
	assert_int_equal(view.fs->ops->read(view.fs, &node, 0, &byte, 1), -ENOTSUP);
	assert_true(image_reported(&view, REPORT_WARNING, "lies on the realtime device"));
	image_restore(&changed);
	image_close(&view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_every_version_and_tells_uuid_and_label),
		cmocka_unit_test(walks_to_files_and_reads_links),
		cmocka_unit_test(ignores_case_only_where_the_file_system_does),
		cmocka_unit_test(finds_a_name_without_reading_the_whole_folder),
		cmocka_unit_test(refuses_what_is_not_xfs),
		cmocka_unit_test(refuses_needed_superblock_fields_at_their_extremes),
		cmocka_unit_test(survives_every_byte_of_the_superblock_at_its_extremes),
		cmocka_unit_test(refuses_a_volume_that_was_cut_off),
		cmocka_unit_test(names_the_unknown_incompatible_feature),
		cmocka_unit_test(accepts_newer_and_read_only_compatible_features),
		cmocka_unit_test(refuses_versions_and_features_it_cannot_read),
		cmocka_unit_test(tells_of_wrong_checksums_once),
		cmocka_unit_test(refuses_a_log_that_cannot_be_replayed),
		cmocka_unit_test(takes_an_unused_log_for_clean),
		cmocka_unit_test(refuses_a_realtime_file_by_its_number),
	};

	return cmocka_run_group_tests(tests, make_images, drop_images);
}
