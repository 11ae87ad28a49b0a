/* trial: the disk is a sound one, as the tools of its formats see it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask/trial_disk.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

/* The status of a tool, some of which are root's; skips where it is not installed. */
static int run(const char *tool, const char *options, const char *path, const char *suffix)
{
	char command[300];

	snprintf(command, sizeof(command), "PATH=$PATH:/usr/sbin:/sbin; command -v %s >/dev/null",
		tool);
	if (system(command) != 0)
		skip();
	snprintf(command, sizeof(command),
		"PATH=$PATH:/usr/sbin:/sbin; %s %s '%s%s' >/dev/null 2>&1", tool, options, path,
		suffix);
	return system(command);
}

static void make(int (*write_disk)(int fd), char path[])
{
	_close_ int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write_disk(fd), 0);
}

static void the_file_system_is_clean(void **state)
{
	char path[] = "/tmp/test-trial-XXXXXX";
	int status;

	(void)state;
	make(trial_disk_write, path);
	status = run("e2fsck", "-fn", path, "?offset=4096");
	unlink(path);
	assert_int_equal(status, 0);
}

static void the_partition_table_is_right(void **state)
{
	char path[] = "/tmp/test-trial-XXXXXX";
	int status;

	(void)state;
	make(trial_disk_write, path);
	status = run("sfdisk", "--verify", path, "");
	unlink(path);
	assert_int_equal(status, 0);
}

static void qemu_finds_no_fault_in_the_image(void **state)
{
	char path[] = "/tmp/test-trial-XXXXXX";
	int status;

	(void)state;
	make(trial_disk_write_qcow2, path);
	status = run("qemu-img", "check -f qcow2", path, "");
	unlink(path);
	assert_int_equal(status, 0);
}

static void it_takes_hardly_any_room(void **state)
{
	char path[] = "/tmp/test-trial-XXXXXX";
	struct stat stat_;

	(void)state;
	make(trial_disk_write, path);
	assert_int_equal(stat(path, &stat_), 0);
	unlink(path);
	assert_int_equal(stat_.st_size, 68 * 1024);
}

static void a_full_file_is_an_error(void **state)
{
	_close_ int full = open("/dev/full", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(trial_disk_write(full), -1);
	assert_int_equal(trial_disk_write_qcow2(full), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_system_is_clean),
		cmocka_unit_test(the_partition_table_is_right),
		cmocka_unit_test(qemu_finds_no_fault_in_the_image),
		cmocka_unit_test(it_takes_hardly_any_room),
		cmocka_unit_test(a_full_file_is_an_error),
	};

	return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
