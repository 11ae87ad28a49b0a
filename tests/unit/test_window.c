/* Contents as windows on disks: the right bytes from the right place. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/window.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <sys/mman.h>

/* Two disks and a memfd whose byte at i tells which one it is, and i. */
static int make_fd(char letter, size_t size)
{
	int fd = memfd_create("disk", MFD_CLOEXEC);

	for (size_t i = 0; i < size; i++) {
		char byte = (char)(letter + (char)(i % 10));

		assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
	}
	return fd;
}

struct fixture {
	int disks[2];
	struct piece pieces[6];
	struct content content;
	struct window window;
};

static struct fixture make(void)
{
	return (struct fixture){
		.disks = {make_fd('A', 100), make_fd('a', 100)},
		.pieces =
			{
				{PIECE_DISK, 0, 3, 4},  /* DEFG */
				{PIECE_ZERO, 0, 0, 3},  /* ... */
				{PIECE_DISK, 1, 10, 5}, /* abcde */
				{PIECE_BYTES, 0, 1, 2}, /* yz */
				{PIECE_LATER, 0, 0, 3}, /* at 14: 4+4.. of the memfd */
				{PIECE_DISK, 0, 98, 2}, /* IJ */
			},
	};
}

static void finish(struct fixture *f)
{
	f->content = (struct content){true, 19, f->pieces, 6, 1};
	f->window = (struct window){&f->content, TEXT("xyz"), f->disks, 2, make_fd('0', 30), 0};
}

static void done(struct fixture *f)
{
	close(f->disks[0]);
	close(f->disks[1]);
	if (f->window.later_fd >= 0)
		close(f->window.later_fd);
}

static const char whole[] = "DEFG\0\0\0abcdeyz456IJ";

static void every_range_has_its_bytes(void **state)
{
	struct fixture f = make();
	char buffer[32];

	(void)state;
	finish(&f);
	for (uint64_t from = 0; from <= 19; from++) {
		for (size_t len = 0; from + len <= 19; len++) {
			struct window_place place = {0};

			memset(buffer, '#', sizeof(buffer));
			window_seek(&f.content, &place, from);
			assert_int_equal(window_read(&f.window, place, from, buffer, len), 0);
			assert_memory_equal(buffer, whole + from, len);
			assert_int_equal(buffer[len], '#');
		}
	}
	done(&f);
}

static void a_place_may_be_anywhere(void **state)
{
	struct fixture f = make();
	char buffer[32];

	(void)state;
	finish(&f);
	for (uint64_t at = 0; at <= 19; at++) {
		for (uint64_t from = 0; from < 19; from++) {
			struct window_place place = {0};

			window_seek(&f.content, &place, at);
			assert_int_equal(window_read(&f.window, place, from, buffer, 1), 0);
			assert_int_equal(buffer[0], whole[from]);
		}
	}
	done(&f);
}

static void nothing_lies_past_the_end(void **state)
{
	struct fixture f = make();
	struct window_place start = {0};
	char buffer[64];

	(void)state;
	finish(&f);
	assert_int_equal(window_read(&f.window, start, 0, buffer, 20), -EIO);
	assert_int_equal(window_read(&f.window, start, 19, buffer, 1), -EIO);
	assert_int_equal(window_read(&f.window, start, UINT64_MAX, buffer, 2), -EIO);
	done(&f);
}

static void a_disk_that_became_shorter_is_an_error(void **state)
{
	struct fixture f = make();
	struct window_place start = {0};
	char buffer[32];

	(void)state;
	finish(&f);
	assert_int_equal(ftruncate(f.disks[0], 99), 0);
	assert_int_equal(window_read(&f.window, start, 0, buffer, 17), 0);
	assert_int_equal(window_read(&f.window, start, 0, buffer, 19), -EIO);
	done(&f);
}

static void what_is_not_there_is_an_error(void **state)
{
	struct fixture f = make();
	struct window_place start = {0};
	char buffer[32];
	int fd;

	(void)state;
	finish(&f);
	f.window.n_disks = 1;
	assert_int_equal(window_read(&f.window, start, 7, buffer, 1), -EIO);
	f.window.n_disks = 2;
	fd = f.disks[1];
	f.disks[1] = -1;
	assert_int_equal(window_read(&f.window, start, 7, buffer, 1), -EIO);
	f.disks[1] = fd;
	f.window.bytes = TEXT("x");
	assert_int_equal(window_read(&f.window, start, 12, buffer, 1), -EIO);
	close(f.window.later_fd);
	f.window.later_fd = -1;
	assert_int_equal(window_read(&f.window, start, 14, buffer, 1), -EIO);
	assert_int_equal(content_later_bytes(&f.content), 3);
	done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_range_has_its_bytes),
		cmocka_unit_test(a_place_may_be_anywhere),
		cmocka_unit_test(nothing_lies_past_the_end),
		cmocka_unit_test(a_disk_that_became_shorter_is_an_error),
		cmocka_unit_test(what_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
