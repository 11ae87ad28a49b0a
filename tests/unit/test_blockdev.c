/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/limits.h"
#include "parsers/disk/blockdev.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define BYTES "0123456789abcdef"

/* A read-only descriptor of 16 bytes. */
static int sixteen_bytes(void)
{
	int fd = memfd_create("disk", MFD_CLOEXEC), read_only;
	char path[64];

	assert_int_equal(write(fd, BYTES, 16), 16);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	assert_true(read_only >= 0);
	return read_only;
}

static void reads_inside_and_nowhere_else(void **state)
{
	_close_ int fd = sixteen_bytes();
	struct blockdev devs[2] = {blockdev_on_fd(fd, 3, 16, 512), blockdev_on_memory(BYTES, 16)};
	char buf[16];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(blockdev_read(&devs[i], 4, buf, 4), 0);
		assert_memory_equal(buf, "4567", 4);
		assert_int_equal(blockdev_read(&devs[i], 16, buf, 0), 0);
		assert_int_equal(blockdev_read(&devs[i], 15, buf, 2), -ERANGE);
		assert_int_equal(blockdev_read(&devs[i], UINT64_MAX, buf, 2), -ERANGE);
		assert_int_equal(blockdev_read(&devs[i], 17, buf, 0), -ERANGE);
	}
}

static void a_window_of_a_window_counts_from_both_starts(void **state)
{
	struct blockdev dev = blockdev_on_memory(BYTES, 16), outer, inner;
	char buf[4];

	(void)state;
	outer = blockdev_window(&dev, 4, 8);
	inner = blockdev_window(&outer, 2, 100);
	assert_int_equal(inner.size, 6);
	assert_int_equal(blockdev_read(&inner, 1, buf, 2), 0);
	assert_memory_equal(buf, "78", 2);
	assert_int_equal(blockdev_read(&inner, 5, buf, 2), -ERANGE);
	assert_int_equal(blockdev_window(&dev, 17, 1).size, 0);
	assert_int_equal(blockdev_window(&dev, UINT64_MAX, UINT64_MAX).size, 0);
}

static void a_disk_that_shrinks_is_an_error_not_a_crash(void **state)
{
	_close_ int fd = sixteen_bytes();
	struct blockdev dev = blockdev_on_fd(fd, 0, 4096, 512);
	char buf[100];

	(void)state;
	assert_int_equal(blockdev_read(&dev, 0, buf, sizeof(buf)), -EIO);
	assert_int_equal(blockdev_read(&dev, 2000, buf, 1), -EIO);
}

static void a_window_maps_to_its_disk(void **state)
{
	struct blockdev dev = blockdev_on_fd(-1, 7, 1000, 512), window;
	_extents_ struct extents map = {0};

	(void)state;
	window = blockdev_window(&dev, 100, 500);
	assert_int_equal(blockdev_map(&window, 10, 20, &map), 0);
	assert_int_equal(map.count, 1);
	assert_int_equal(map.at[0].kind, EXTENT_DISK);
	assert_int_equal(map.at[0].disk, 7);
	assert_int_equal(map.at[0].at, 110);
	assert_int_equal(map.at[0].length, 20);
	assert_int_equal(blockdev_map(&window, 490, 20, &map), -ERANGE);
}

static void memory_lies_on_no_disk(void **state)
{
	struct blockdev dev = blockdev_on_memory(BYTES, 16);
	_extents_ struct extents map = {0};

	(void)state;
	assert_int_equal(blockdev_map(&dev, 0, 16, &map), 0);
	assert_int_equal(map.at[0].kind, EXTENT_LATER);
}

static void neighbours_join(void **state)
{
	_extents_ struct extents map = {0};

	(void)state;
	assert_int_equal(extents_add(&map, EXTENT_DISK, 0, 100, 10), 0);
	assert_int_equal(extents_add(&map, EXTENT_DISK, 0, 110, 10), 0);
	assert_int_equal(map.count, 1);
	assert_int_equal(extents_add(&map, EXTENT_DISK, 0, 121, 10), 0);
	assert_int_equal(extents_add(&map, EXTENT_DISK, 1, 131, 10), 0);
	assert_int_equal(extents_add(&map, EXTENT_ZERO, 9, 9, 10), 0);
	assert_int_equal(extents_add(&map, EXTENT_ZERO, 0, 0, 10), 0);
	assert_int_equal(extents_add(&map, EXTENT_LATER, 0, 0, 0), 0);
	assert_int_equal(map.count, 4);
	assert_int_equal(map.at[3].offset, 40);
	assert_int_equal(map.at[3].length, 20);
	assert_int_equal(map.at[3].at, 0);
}

static void extents_never_wrap_around(void **state)
{
	_extents_ struct extents map = {0};

	(void)state;
	assert_int_equal(extents_add(&map, EXTENT_DISK, 0, UINT64_MAX, 2), -EFBIG);
	assert_int_equal(extents_add(&map, EXTENT_ZERO, 0, 0, UINT64_MAX), 0);
	assert_int_equal(extents_add(&map, EXTENT_ZERO, 0, 0, 1), -EFBIG);
}

static void the_number_of_extents_is_bounded(void **state)
{
	_extents_ struct extents map = {0};

	(void)state;
	for (uint64_t i = 0; i < MAX_EXTENTS; i++)
		assert_int_equal(extents_add(&map, EXTENT_DISK, 0, 2 * i, 1), 0);
	assert_int_equal(extents_add(&map, EXTENT_DISK, 0, 0, 1), -EFBIG);
}

static void a_slice_lies_where_the_whole_lies(void **state)
{
	_extents_ struct extents map = {0}, slice = {0};

	(void)state;
	assert_int_equal(extents_add(&map, EXTENT_DISK, 2, 1000, 10), 0);
	assert_int_equal(extents_add(&map, EXTENT_ZERO, 0, 0, 10), 0);
	assert_int_equal(extents_add(&map, EXTENT_DISK, 3, 500, 10), 0);
	assert_int_equal(extents_slice(&map, 5, 20, &slice), 0);
	assert_int_equal(slice.count, 3);
	assert_int_equal(slice.at[0].at, 1005);
	assert_int_equal(slice.at[0].length, 5);
	assert_int_equal(slice.at[1].length, 10);
	assert_int_equal(slice.at[2].at, 500);
	assert_int_equal(slice.at[2].length, 5);
	assert_int_equal(extents_slice(&map, 25, 6, &slice), -ERANGE);
	assert_null(extents_find(&map, 30));
	assert_ptr_equal(extents_find(&map, 29), &map.at[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_inside_and_nowhere_else),
		cmocka_unit_test(a_window_of_a_window_counts_from_both_starts),
		cmocka_unit_test(a_disk_that_shrinks_is_an_error_not_a_crash),
		cmocka_unit_test(a_window_maps_to_its_disk),
		cmocka_unit_test(memory_lies_on_no_disk),
		cmocka_unit_test(neighbours_join),
		cmocka_unit_test(extents_never_wrap_around),
		cmocka_unit_test(the_number_of_extents_is_bounded),
		cmocka_unit_test(a_slice_lies_where_the_whole_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
