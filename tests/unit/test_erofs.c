/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/erofs/erofs.h"
#include "tests/support/image.h"

#include <errno.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

extern const struct fs_ops erofs_ops;

/* Places in the superblock, from the volume's start. */
enum {
	COMPATIBLE = 1032,
	BLOCK_BITS = 1036,
	ROOT = 1038,
	META = 1064,
	FEATURES = 1104,
	DEVICES = 1110
};
enum { PLAIN, PACKED, FULL, IMAGES };

static int images[IMAGES];
static uint64_t sizes[IMAGES];

#define TREE                                                                          \
	"mkdir -p $IMAGE.d/boot && echo menu >$IMAGE.d/boot/grub.cfg && "             \
	"seq 99999 >$IMAGE.d/boot/vmlinuz && ln -s boot/vmlinuz $IMAGE.d/vmlinuz && " \
	"env -u SOURCE_DATE_EPOCH mkfs.erofs -T1 "

static int make_images(void **state)
{
	struct stat st;

	(void)state;
	images[PLAIN] = image_make(0, TREE "$IMAGE $IMAGE.d");
	images[PACKED] = image_make(0, TREE "-zlz4 -C65536 $IMAGE $IMAGE.d");
	images[FULL] = image_make(0, TREE "-zlz4 -Elegacy-compress $IMAGE $IMAGE.d");
	for (int i = 0; i < IMAGES; i++) {
		assert_int_equal(fstat(images[i], &st), 0);
		sizes[i] = (uint64_t)st.st_size;
		/* Without the superblock's checksum: these tests change single fields. */
		assert_int_equal(pwrite(images[i], "\0", 1, COMPATIBLE), 1);
	}
	return 0;
}

static int drop_images(void **state)
{
	(void)state;
	for (int i = 0; i < IMAGES; i++)
		close(images[i]);
	return 0;
}

static void open_image(struct image_view *view, int image)
{
	image_open(view, &erofs_ops, images[image], sizes[image]);
	assert_int_equal(view->r, 0);
}

static void reads_files_and_links(void **state)
{
	char buf[16];

	(void)state;
	for (int i = 0; i < IMAGES; i++) {
		struct image_view view;
		struct node node;

		open_image(&view, i);
		assert_int_equal(erofs_ops.probe(&view.dev), 1);
		assert_int_equal(fs_walk(view.fs, TEXT("/vmlinuz"), &node), 0);
		assert_int_equal(node.size, 588888);
		assert_int_equal(node.mtime_s, 1);
		assert_int_equal(erofs_ops.read(view.fs, &node, 588882, buf, sizeof(buf)), 6);
		assert_memory_equal(buf, "99999\n", 6);
		assert_int_equal(erofs_ops.read(view.fs, &node, 588888, buf, sizeof(buf)), 0);
		assert_int_equal(fs_walk(view.fs, TEXT("/boot/GRUB.CFG"), &node), -ENOENT);
		assert_int_equal(view.fs->ops->root(view.fs, &node), 0);
		assert_int_equal(erofs_ops.find(view.fs, &node, TEXT("vmlinuz"), &node), 0);
		assert_int_equal(erofs_ops.readlink(view.fs, &node, buf, 12), 12);
		assert_memory_equal(buf, "boot/vmlinuz", 12);
		assert_int_equal(erofs_ops.readlink(view.fs, &node, buf, 11), -ENAMETOOLONG);
		image_close(&view);
	}
}

static int open_changed(uint64_t at, const void *bytes, size_t len, struct err *err)
{
	return image_try(&erofs_ops, images[PLAIN], sizes[PLAIN], at, bytes, len, "/boot/x", err);
}

static void names_what_it_cannot_read(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(open_changed(FEATURES + 3, "\x80", 1, &err), -ENOTSUP);
	assert_string_equal(err.text, "EROFS uses unknown incompatible feature 0x80000000");
	assert_int_equal(open_changed(DEVICES, "\x02", 1, &err), -ENOTSUP);
	assert_string_equal(err.text, "EROFS that keeps its data on 2 more devices");
	assert_int_equal(open_changed(BLOCK_BITS, "\x08", 1, &err), -EUCLEAN);
	assert_int_equal(open_changed(BLOCK_BITS, "\x40", 1, &err), -EUCLEAN);
	assert_int_equal(open_changed(1024, "XXXX", 4, &err), -EINVAL);
}

static void refuses_a_root_that_lies_nowhere(void **state)
{
	(void)state;
	assert_int_equal(open_changed(ROOT, "\xff\xff", 2, NULL), -EUCLEAN);
	assert_int_equal(open_changed(META, "\xff\xff\xff\xff", 4, NULL), -EUCLEAN);
}

static void survives_every_byte_of_the_superblock_at_its_extremes(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

	(void)state;
	for (uint64_t at = 1024; at < 1024 + 128; at++) {
		for (size_t i = 0; i < ARRAY_SIZE(values); i++)
			(void)open_changed(at, &values[i], 1, NULL);
	}
}

/* Where the inode of a file lies, and how large it is with what stands behind it. */
static uint64_t inode_at(int image, const char *path, struct node *node)
{
	struct image_view view;
	struct le32 meta;

	open_image(&view, image);
	assert_int_equal(fs_walk(view.fs, text_of(path), node), 0);
	image_close(&view);
	assert_int_equal(pread(images[image], &meta, sizeof(meta), META), sizeof(meta));
	return ((uint64_t)le32_get(meta) << 12) + node->ino * 32;
}

static int list_nothing(void *context, struct text name)
{
	(void)context, (void)name;
	return 0;
}

static void refuses_folders_whose_entries_contradict(void **state)
{
	/* The root's block is behind its inode: its first entry is 12 bytes, then the next. */
	static const struct {
		uint32_t at;
		const char *bytes;
	} changes[] = {
		{8, "\x00\x00"},      /* the first name: no entries */
		{8, "\x0d\x00"},      /* between entries */
		{8, "\xff\xff"},      /* outside */
		{12 + 8, "\xff\xff"}, /* the second name outside */
		{12 + 8, "\x00\x00"}, /* before the first */
	};
	struct node root;
	uint64_t at = inode_at(PLAIN, "/", &root);

	(void)state;
	at = root.aux[EROFS_AUX_BEHIND];
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct image_change change =
			image_change(images[PLAIN], at + changes[i].at, changes[i].bytes, 2);
		struct image_view view;
		struct node node;

		open_image(&view, PLAIN);
		assert_int_equal(fs_walk(view.fs, TEXT("/none"), &node), -EUCLEAN);
		assert_int_equal(erofs_ops.list(view.fs, &root, list_nothing, NULL), -EUCLEAN);
		image_close(&view);
		image_restore(&change);
	}
}

/* Reads all of a file and asks for its extents; both may fail, and nothing else. */
static void use_file(int image)
{
	static char buf[1 << 20];
	_extents_ struct extents extents = {0};
	struct image_view view;
	struct node node;

	open_image(&view, image);
	if (fs_walk(view.fs, TEXT("/boot/vmlinuz"), &node) == 0 && node.type == NODE_FILE) {
		ssize_t got = erofs_ops.read(view.fs, &node, 0, buf, sizeof(buf));

		assert_true(got < 0 ||
			    (uint64_t)got == (node.size < sizeof(buf) ? node.size : sizeof(buf)));
		(void)erofs_ops.extents(view.fs, &node, &extents);
	}
	image_close(&view);
}

static void survives_every_byte_of_inode_and_index_at_its_extremes(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x02, 0x7f, 0x80, 0xff};
	struct node node;

	(void)state;
	for (int image = PACKED; image <= FULL; image++) {
		uint64_t inode = inode_at(image, "/boot/vmlinuz", &node);

		for (uint64_t at = inode; at < inode + 200; at++) {
			for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
				struct image_change change =
					image_change(images[image], at, &values[i], 1);

				use_file(image);
				image_restore(&change);
			}
		}
	}
}

static void says_once_that_a_compression_is_not_known(void **state)
{
	struct node node;
	uint64_t header;
	struct image_change change;
	struct image_view view;
	char byte;

	(void)state;
	(void)inode_at(PACKED, "/boot/vmlinuz", &node);
	header = (node.aux[EROFS_AUX_BEHIND] + 7) / 8 * 8;
	change = image_change(images[PACKED], header + 6, "\x07", 1);
	open_image(&view, PACKED);
	assert_int_equal(erofs_ops.read(view.fs, &node, 0, &byte, 1), -ENOTSUP);
	assert_int_equal(erofs_ops.read(view.fs, &node, 9, &byte, 1), -ENOTSUP);
	assert_int_equal(view.report.lines, 1);
	image_close(&view);
	image_restore(&change);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_files_and_links),
		cmocka_unit_test(names_what_it_cannot_read),
		cmocka_unit_test(refuses_a_root_that_lies_nowhere),
		cmocka_unit_test(survives_every_byte_of_the_superblock_at_its_extremes),
		cmocka_unit_test(refuses_folders_whose_entries_contradict),
		cmocka_unit_test(survives_every_byte_of_inode_and_index_at_its_extremes),
		cmocka_unit_test(says_once_that_a_compression_is_not_known),
	};

	return cmocka_run_group_tests(tests, make_images, drop_images);
}
