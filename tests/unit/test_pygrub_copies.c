/* The temporary copies: where they lie, what they are called, that none is left. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/copies.h"
#include "pygrub/transfer.h"

#include "model/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <sys/stat.h>

static char folder[32];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/test_copies.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static int count_files(void)
{
	DIR *dir = opendir(folder);
	int n = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static struct copies open_copies(void)
{
	struct copies copies;
	struct err err = {0};

	assert_int_equal(copies_open(folder, &copies, &err), 0);
	return copies;
}

static const char *path_of(const struct copies *copies, const struct copy *copy)
{
	static char path[256];
	_strbuf_ struct strbuf out = {0};

	copies_add_path(copies, copy, &out);
	assert_non_null(out.at);
	snprintf(path, sizeof(path), "%s", out.at);
	return path;
}

static void a_copy_has_no_name_before_it_is_whole(void **state)
{
	struct copies copies = open_copies();
	struct err err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(count_files(), 0);
	assert_int_equal(write(copies.kernel.fd, "kernel", 6), 6);
	assert_int_equal(copies_publish(&copies, true, &err), 0);
	assert_int_equal(count_files(), 2);
	assert_int_equal(stat(path_of(&copies, &copies.kernel), &st), 0);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(st.st_mode & 07777, 0600);
	copies_close(&copies, false);
	assert_int_equal(count_files(), 0);
}

static void has_names_as_pygrub_makes_them(void **state)
{
	struct copies copies = open_copies();
	const char *path;

	(void)state;
	path = path_of(&copies, &copies.kernel);
	assert_memory_equal(path, folder, strlen(folder));
	assert_memory_equal(path + strlen(folder), "/boot_kernel.", 13);
	assert_int_equal(strlen(path), strlen(folder) + 13 + 8);
	assert_memory_equal(copies.ramdisk.name, "boot_ramdisk.", 13);
	assert_int_equal(strlen(copies.ramdisk.name), 13 + 8);
	copies_close(&copies, false);
}

static void leaves_the_ramdisk_out_where_there_is_none(void **state)
{
	struct copies copies = open_copies();
	struct err err = {0};

	(void)state;
	assert_int_equal(copies_publish(&copies, false, &err), 0);
	copies_close(&copies, true);
	assert_int_equal(count_files(), 1);
}

/* CVE-2007-3919: what somebody put there under that name stays as it is. */
static void never_replaces_a_planted_file(void **state)
{
	struct copies copies = open_copies();
	struct err err = {0};
	struct stat st;
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "%s", path_of(&copies, &copies.kernel));
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(copies_publish(&copies, true, &err), -EEXIST);
	copies_close(&copies, false);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(count_files(), 1);
}

/* libxl's folder has mode 0600: root passes. */
static void works_in_a_folder_without_x(void **state)
{
	struct copies copies;
	struct err err = {0};

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chmod(folder, 0600), 0);
	copies = open_copies();
	assert_int_equal(copies_publish(&copies, true, &err), 0);
	copies_close(&copies, true);
	assert_int_equal(count_files(), 2);
}

static void a_folder_given_must_exist(void **state)
{
	struct copies copies;
	struct err err = {0};
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/none", folder);
	assert_int_equal(copies_open(path, &copies, &err), -ENOENT);
	assert_non_null(strstr(err.text, path));
	err = (struct err){0};
	assert_int_equal(copies_open("/etc/passwd", &copies, &err), -ENOTDIR);
}

/* The caller wants the folder as it was named, not where its links lead. */
static void folds_dots_but_follows_no_links(void **state)
{
	struct copies copies;
	struct err err = {0};
	char link[64], path[128];

	(void)state;
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(symlink(".", link), 0);
	snprintf(path, sizeof(path), "%s/./none/..//link/", folder);
	assert_int_equal(copies_open(path, &copies, &err), 0);
	snprintf(path, sizeof(path), "%s/", link);
	assert_string_equal(copies.folder.at, path);
	copies_close(&copies, false);
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(copies_open("link", &copies, &err), 0);
	assert_string_equal(copies.folder.at, path);
	copies_close(&copies, false);
	assert_int_equal(chdir("/"), 0);
}

static void room_is_checked_with_some_to_spare(void **state)
{
	struct copies copies = open_copies();
	struct err err = {0};

	(void)state;
	assert_int_equal(copies_check_room(&copies, 4096, &err), 0);
	assert_int_equal(copies_check_room(&copies, (uint64_t)1 << 60, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "MiB free"));
	err = (struct err){0};
	assert_int_equal(copies_check_room(&copies, UINT64_MAX, &err), -ENOSPC);
	copies_close(&copies, false);
}

/* A memfd with bytes that differ from page to page. */
static int make_source(size_t size)
{
	int fd = memfd_create("source", MFD_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t at = 0; at < size; at += 512) {
		uint64_t mark[64];

		for (size_t i = 0; i < ARRAY_SIZE(mark); i++)
			mark[i] = at + i;
		assert_true(write(fd, mark, size - at < 512 ? size - at : 512) > 0);
	}
	return fd;
}

static void assert_same(int a, int b, size_t size)
{
	static char x[65536], y[65536];
	struct stat st;

	assert_int_equal(fstat(b, &st), 0);
	assert_int_equal(st.st_size, size);
	for (size_t at = 0; at < size; at += sizeof(x)) {
		ssize_t n = pread(a, x, sizeof(x), (off_t)at);

		assert_int_equal(pread(b, y, sizeof(y), (off_t)at), n);
		assert_memory_equal(x, y, (size_t)n);
	}
}

static void copies_files_of_every_size(void **state)
{
	static const size_t sizes[] = {0, 1, 4095, 1 << 20, (1 << 20) + 1, (5 << 20) - 7};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		int a = make_source(sizes[i]), b = make_source(3 << 20);
		int x = memfd_create("x", MFD_CLOEXEC), y = memfd_create("y", MFD_CLOEXEC);
		const struct transfer both[] = {
			{a, x, sizes[i], "kernel"}, {b, y, 3 << 20, "initrd"}};
		_Atomic uint64_t progress = 0;
		bool write_failed = true;
		struct err err = {0};

		assert_int_equal(transfer_all(both, 2, &progress, &write_failed, &err), 0);
		assert_false(write_failed);
		assert_int_equal(progress, (sizes[i] + MIB - 1) / MIB + 3);
		assert_same(a, x, sizes[i]);
		assert_same(b, y, 3 << 20);
		close(a);
		close(b);
		close(x);
		close(y);
	}
}

static void tells_a_short_source_from_a_full_folder(void **state)
{
	int source = make_source(3 << 20), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	int copy = memfd_create("copy", MFD_CLOEXEC);
	struct transfer short_source = {source, copy, 4 << 20, "kernel"};
	struct transfer full_folder = {source, full, 3 << 20, "initrd"};
	_Atomic uint64_t progress = 0;
	bool write_failed;
	struct err err = {0};

	(void)state;
	assert_int_equal(transfer_all(&short_source, 1, &progress, &write_failed, &err), -EIO);
	assert_false(write_failed);
	assert_string_equal(err.text, "the kernel ends at byte 3145728 of 4194304");
	err = (struct err){0};
	assert_int_equal(transfer_all(&full_folder, 1, &progress, &write_failed, &err), -ENOSPC);
	assert_true(write_failed);
	close(source);
	close(full);
	close(copy);
}

#define in_own_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_own_folder(a_copy_has_no_name_before_it_is_whole),
		in_own_folder(has_names_as_pygrub_makes_them),
		in_own_folder(leaves_the_ramdisk_out_where_there_is_none),
		in_own_folder(never_replaces_a_planted_file),
		in_own_folder(works_in_a_folder_without_x),
		in_own_folder(a_folder_given_must_exist),
		in_own_folder(folds_dots_but_follows_no_links),
		in_own_folder(room_is_checked_with_some_to_spare),
		cmocka_unit_test(copies_files_of_every_size),
		cmocka_unit_test(tells_a_short_source_from_a_full_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
