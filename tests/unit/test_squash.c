/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/squashfs/squashfs.h"
#include "tests/support/image.h"

#include <errno.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

extern const struct fs_ops squash_ops;

/* Places in the superblock. */
enum {
	COMPRESSION = 20,
	BLOCK_LOG = 22,
	MAJOR = 28,
	ROOT = 32,
	USED = 40,
	INODES = 64,
	FOLDERS = 72
};
enum { PACKED, PLAIN, IMAGES };

static int images[IMAGES];
static uint64_t sizes[IMAGES];

#define TREE                                                                          \
	"mkdir -p $IMAGE.d/boot && echo menu >$IMAGE.d/boot/grub.cfg && "             \
	"seq 99999 >$IMAGE.d/boot/vmlinuz && ln -s boot/vmlinuz $IMAGE.d/vmlinuz && " \
	"truncate -s 1M $IMAGE.d/zeros && "                                           \
	"mksquashfs $IMAGE.d $IMAGE -noappend "

static int make_images(void **state)
{
	struct stat st;

	(void)state;
	images[PACKED] = image_make(0, TREE "-comp gzip");
	images[PLAIN] = image_make(0, TREE "-noI -noD -noF -b 4K");
	for (int i = 0; i < IMAGES; i++) {
		assert_int_equal(fstat(images[i], &st), 0);
		sizes[i] = (uint64_t)st.st_size;
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
	image_open(view, &squash_ops, images[image], sizes[image]);
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
		assert_int_equal(squash_ops.probe(&view.dev), 1);
		assert_int_equal(fs_walk(view.fs, TEXT("/vmlinuz"), &node), 0);
		assert_int_equal(node.size, 588888);
		assert_int_equal(squash_ops.read(view.fs, &node, 588882, buf, sizeof(buf)), 6);
		assert_memory_equal(buf, "99999\n", 6);
		assert_int_equal(fs_walk(view.fs, TEXT("/boot/GRUB.CFG"), &node), -ENOENT);
		assert_int_equal(view.fs->ops->root(view.fs, &node), 0);
		assert_int_equal(squash_ops.find(view.fs, &node, TEXT("vmlinuz"), &node), 0);
		assert_int_equal(squash_ops.readlink(view.fs, &node, buf, 12), 12);
		assert_memory_equal(buf, "boot/vmlinuz", 12);
		assert_int_equal(squash_ops.readlink(view.fs, &node, buf, 11), -ENAMETOOLONG);
		image_close(&view);
	}
}

/* Kinds of a file's extents, one letter each. */
static void kinds(struct image_view *view, const char *path, char ret[16])
{
	_extents_ struct extents extents = {0};
	struct node node;

	assert_int_equal(fs_walk(view->fs, text_of(path), &node), 0);
	assert_int_equal(squash_ops.extents(view->fs, &node, &extents), 0);
	assert_true(extents.count < 16);
	for (uint32_t i = 0; i < extents.count; i++)
		ret[i] = "dzl"[extents.at[i].kind];
	ret[extents.count] = '\0';
}

static void tells_where_bytes_lie_that_are_not_packed(void **state)
{
	struct image_view view;
	char ret[16];

	(void)state;
	open_image(&view, PACKED);
	kinds(&view, "/vmlinuz", ret);
	assert_string_equal(ret, "l");
	kinds(&view, "/zeros", ret);
	assert_string_equal(ret, "z");
	image_close(&view);
	open_image(&view, PLAIN);
	kinds(&view, "/vmlinuz", ret);
	assert_int_equal(ret[0], 'd');
	kinds(&view, "/boot/grub.cfg", ret);
	assert_string_equal(ret, "d");
	image_close(&view);
}

static int open_changed(uint64_t at, const void *bytes, size_t len, struct err *err)
{
	return image_try(&squash_ops, images[PLAIN], sizes[PLAIN], at, bytes, len, "/boot/x", err);
}

static void names_what_it_cannot_read(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(open_changed(COMPRESSION, "\x09", 1, &err), -ENOTSUP);
	assert_string_equal(err.text, "SquashFS with unknown compression 9");
	assert_int_equal(open_changed(MAJOR, "\x03", 1, &err), -ENOTSUP);
	assert_string_equal(err.text, "SquashFS version 3.0; bootfs reads version 4.0");
	assert_int_equal(open_changed(0, "sqsh", 4, &err), -EINVAL);
	assert_int_equal(open_changed(BLOCK_LOG, "\x15", 1, &err), -EUCLEAN);
}

static void survives_every_byte_of_the_superblock_at_its_extremes(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

	(void)state;
	for (uint64_t at = 0; at < 96; at++) {
		for (size_t i = 0; i < ARRAY_SIZE(values); i++)
			(void)open_changed(at, &values[i], 1, NULL);
	}
}

static void refuses_a_volume_that_was_cut_off(void **state)
{
	struct image_view view;
	struct le64 used;

	(void)state;
	assert_int_equal(pread(images[PLAIN], &used, sizeof(used), USED), sizeof(used));
	image_open(&view, &squash_ops, images[PLAIN], le64_get(used) - 1);
	assert_int_equal(view.r, -EUCLEAN);
	assert_non_null(strstr(view.err.text, "cut off"));
	image_close(&view);
}

static uint64_t number_at(uint64_t at)
{
	struct le64 number;

	assert_int_equal(pread(images[PLAIN], &number, sizeof(number), (off_t)at), sizeof(number));
	return le64_get(number);
}

/* Changes bytes of the metadata, then lists the root. */
static void expect_damaged_root(uint64_t at, const void *bytes, size_t len)
{
	struct image_change change = image_change(images[PLAIN], at, bytes, len);
	struct image_view view;
	struct node node;

	image_open(&view, &squash_ops, images[PLAIN], sizes[PLAIN]);
	if (view.r == 0)
		assert_int_equal(fs_walk(view.fs, TEXT("/none"), &node), -EUCLEAN);
	else
		assert_int_equal(view.r, -EUCLEAN);
	image_close(&view);
	image_restore(&change);
}

static void refuses_listings_whose_lengths_contradict(void **state)
{
	/* The first listing is /boot's: grub.cfg and vmlinuz. Then the root's begins. */
	uint64_t listing = number_at(FOLDERS) + 2, root = listing + 12 + 8 + 8 + 8 + 7;

	(void)state;
	expect_damaged_root(root, "\xff\xff\xff\xff", 4);  /* entries behind the header */
	expect_damaged_root(root, "\x00\x01", 2);          /* 257 of them */
	expect_damaged_root(root, "\x09", 1);              /* more than the listing has */
	expect_damaged_root(root + 12 + 6, "\xff\xff", 2); /* a name's length */
	expect_damaged_root(root + 12 + 6, "\x40", 1);
	expect_damaged_root(listing - 2, "\x00\x80", 2); /* a metadata block of no bytes */
	expect_damaged_root(listing - 2, "\xff\xff", 2); /* of 32767 */
	expect_damaged_root(listing - 2, "\x10\x80", 2); /* shorter than the listing */
}

static void refuses_inodes_that_cannot_be(void **state)
{
	uint64_t root = number_at(ROOT);
	uint64_t inode = number_at(INODES) + 2 + (root & 0xffff) + (root >> 16);

	(void)state;
	expect_damaged_root(inode, "\x00", 1);
	expect_damaged_root(inode, "\x0f", 1);
	expect_damaged_root(inode, "\x02", 1); /* a file is no root */
	expect_damaged_root(ROOT, "\xff\xff", 2);
	expect_damaged_root(ROOT + 4, "\xff\xff", 2);
}

static void refuses_files_longer_than_their_blocks(void **state)
{
	/* The first block's place, the fragment, the file's size, the first block's size. */
	static const uint32_t fields[] = {16, 20, 28, 32};
	struct image_change change;
	struct image_view view;
	uint64_t inode;
	struct node node;
	char byte;

	(void)state;
	open_image(&view, PLAIN);
	assert_int_equal(fs_walk(view.fs, TEXT("/boot/vmlinuz"), &node), 0);
	inode = number_at(INODES) + 2 + (node.ino & 0xffff) + (node.ino >> 16);
	image_close(&view);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		change = image_change(images[PLAIN], inode + fields[i], "\xf0\xff\xff\xff", 4);
		open_image(&view, PLAIN);
		if (fs_walk(view.fs, TEXT("/boot/vmlinuz"), &node) == 0) {
			_extents_ struct extents extents = {0};

			assert_true(squash_ops.read(view.fs, &node, node.size - 1, &byte, 1) < 0);
			assert_true(squash_ops.extents(view.fs, &node, &extents) < 0);
		}
		image_close(&view);
		image_restore(&change);
	}
}

/* It stands at the very start of their table: its number is 0. */
static void reads_the_file_of_the_first_inode(void **state)
{
	struct image_view view;
	struct stat st;
	struct node node;
	char byte;
	int fd = image_make(0, "mkdir $IMAGE.d && seq 99999 >$IMAGE.d/first && "
			       "mksquashfs $IMAGE.d $IMAGE -noappend ");

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	image_open(&view, &squash_ops, fd, (uint64_t)st.st_size);
	assert_int_equal(view.r, 0);
	assert_int_equal(fs_walk(view.fs, TEXT("/first"), &node), 0);
	assert_int_equal(node.ino, 0);
	assert_int_equal(squash_ops.read(view.fs, &node, 588886, &byte, 1), 1);
	assert_int_equal(byte, '9');
	image_close(&view);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_files_and_links),
		cmocka_unit_test(tells_where_bytes_lie_that_are_not_packed),
		cmocka_unit_test(names_what_it_cannot_read),
		cmocka_unit_test(survives_every_byte_of_the_superblock_at_its_extremes),
		cmocka_unit_test(refuses_a_volume_that_was_cut_off),
		cmocka_unit_test(refuses_listings_whose_lengths_contradict),
		cmocka_unit_test(refuses_inodes_that_cannot_be),
		cmocka_unit_test(refuses_files_longer_than_their_blocks),
		cmocka_unit_test(reads_the_file_of_the_first_inode),
	};

	return cmocka_run_group_tests(tests, make_images, drop_images);
}
