/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bytes.h"
#include "tests/support/image.h"

#include <errno.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

extern const struct fs_ops ext_ops;

enum { IMAGE_SIZE = 16 << 20, SUPERBLOCK = 1024, SUPERBLOCK_SIZE = 1024 };

/* Real images, made once; a test writes into one and puts back what it changed. */
enum { EXT2, EXT4, IMAGES };
static int images[IMAGES];

#define MAKE "mkdir $IMAGE.d && echo content >$IMAGE.d/hello && "

static int make_images(void **state)
{
	(void)state;
	images[EXT2] = image_make(
		IMAGE_SIZE, MAKE "mke2fs -q -F -t ext2 -b 1024 -d $IMAGE.d $IMAGE; rm -r $IMAGE.d");
	/* Without checksums: with them the first one that is wrong would hide all else. */
	images[EXT4] = image_make(IMAGE_SIZE,
		MAKE "mke2fs -q -F -t ext4 -b 4096 -O ^metadata_csum,64bit -d $IMAGE.d $IMAGE; "
		     "rm -r $IMAGE.d");
	return 0;
}

static int drop_images(void **state)
{
	(void)state;
	for (int i = 0; i < IMAGES; i++)
		close(images[i]);
	return 0;
}

static int open_changed(int image, uint64_t at, const void *bytes, size_t len, struct err *err)
{
	return image_try(&ext_ops, images[image], IMAGE_SIZE, at, bytes, len, "/hello", err);
}

static void opens_what_mke2fs_makes(void **state)
{
	uint8_t magic[] = {0x53, 0xef};
	struct err err = {0};

	(void)state;
	for (int i = 0; i < IMAGES; i++)
		assert_int_equal(open_changed(i, SUPERBLOCK + 56, magic, sizeof(magic), &err), 0);
}

/* XSA-443 was a superblock that was believed, of another file system. */
static void survives_every_byte_of_the_superblock_at_its_extremes(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};

	(void)state;
	for (int image = EXT2; image < IMAGES; image++) {
		for (uint64_t at = 0; at < SUPERBLOCK_SIZE; at++) {
			for (size_t i = 0; i < sizeof(values); i++)
				(void)open_changed(image, SUPERBLOCK + at, &values[i], 1, NULL);
		}
	}
}

/* Fields in pairs of bytes and fours, where one byte alone is no extreme. */
static void survives_every_field_of_the_superblock_at_its_extremes(void **state)
{
	static const uint32_t values[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe};

	(void)state;
	for (int image = EXT2; image < IMAGES; image++) {
		for (uint64_t at = 0; at < SUPERBLOCK_SIZE; at += 2) {
			for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
				(void)open_changed(image, SUPERBLOCK + at, &values[i], 4, NULL);
				(void)open_changed(image, SUPERBLOCK + at, &values[i], 2, NULL);
			}
		}
	}
}

static void survives_every_byte_of_the_groups_and_first_inodes_at_its_extremes(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x80, 0xff};
	/* The group's descriptor; ten inodes of the table that mke2fs puts at the same place. */
	const struct {
		int image;
		uint64_t at, len;
	} places[] = {{EXT2, 2048, 64}, {EXT4, 4096, 128}};

	(void)state;
	for (size_t p = 0; p < ARRAY_SIZE(places); p++) {
		for (uint64_t at = 0; at < places[p].len; at++) {
			for (size_t i = 0; i < sizeof(values); i++)
				(void)open_changed(
					places[p].image, places[p].at + at, &values[i], 1, NULL);
		}
	}
}

static void refuses_needed_superblock_fields_at_their_extremes(void **state)
{
	/* inodes, first block, block size, blocks and inodes per group */
	static const uint64_t fields[] = {0, 20, 24, 32, 40};
	static const uint32_t value = 0xffffffff;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		struct err err = {0};

		assert_in_range(
			-open_changed(EXT4, SUPERBLOCK + fields[i], &value, 4, &err), 1, 4095);
		assert_true(err.text[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_what_mke2fs_makes),
		cmocka_unit_test(survives_every_byte_of_the_superblock_at_its_extremes),
		cmocka_unit_test(survives_every_field_of_the_superblock_at_its_extremes),
		cmocka_unit_test(
			survives_every_byte_of_the_groups_and_first_inodes_at_its_extremes),
		cmocka_unit_test(refuses_needed_superblock_fields_at_their_extremes),
	};

	return cmocka_run_group_tests(tests, make_images, drop_images);
}
