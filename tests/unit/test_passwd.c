/* Users of /etc/passwd, found without the C library's other sources. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/passwd.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static const char USERS[] = "root:x:0:0:root:/root:/bin/bash\n"
			    "broken line\n"
			    "qemu_base_old:x:7:7::/:/bin/false\n"
			    "qemu_base:x:65535:1000::/:/sbin/nologin\n"
			    "qemu_base:x:1:1:the second:/:/sbin/nologin\n"
			    "last:x:12:13::/:/bin/false";

static char file[] = "/tmp/bootfs-passwd.XXXXXX";

static int write_users(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	if (fd < 0 || write(fd, USERS, sizeof(USERS) - 1) != (ssize_t)sizeof(USERS) - 1)
		return -1;
	return close(fd);
}

static int remove_users(void **state)
{
	(void)state;
	return unlink(file);
}

static void finds_the_first_of_that_very_name(void **state)
{
	uid_t uid = 1;
	gid_t gid = 1;

	(void)state;
	assert_int_equal(passwd_find(file, "qemu_base", &uid, &gid), 0);
	assert_int_equal(uid, 65535);
	assert_int_equal(gid, 1000);
	assert_int_equal(passwd_find(file, "last", &uid, &gid), 0);
	assert_int_equal(uid, 12);
	assert_int_equal(gid, 13);
}

static void knows_nobody_else(void **state)
{
	uid_t uid = 5;
	gid_t gid = 6;

	(void)state;
	assert_int_equal(passwd_find(file, "qemu_bas", &uid, &gid), -ENOENT);
	assert_int_equal(passwd_find(file, "", &uid, &gid), -ENOENT);
	assert_int_equal(passwd_find("/nonexistent/passwd", "root", &uid, &gid), -ENOENT);
	assert_int_equal(uid, 5);
	assert_int_equal(gid, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_first_of_that_very_name),
		cmocka_unit_test(knows_nobody_else),
	};

	return cmocka_run_group_tests(tests, write_users, remove_users);
}
