/* /proc/self/mountinfo as the kernel writes it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/mountinfo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static const char sample[] =
	"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
	"40 22 0:35 / /bootfs ro,nosuid shared:7 master:2 - fuse.bootfs bootfs ro\n"
	"41 40 0:36 / /bootfs ro - fuse.bootfs bootfs ro,user_id=0\n"
	"42 22 0:37 / /a\\040b\\134c\\012d rw - tmpfs none rw\n"
	"43 22 0:38 / /bootfs2 rw - tmpfs none rw\n"
	"46 22 0:40 / /mine ro - fuse.bootfs bootfs ro,user_id=4242,group_id=4242\n"
	"47 22 0:41 / /long ro - fuse.bootfs bootfs ro,user_id=4294967296\n"
	"48 22 0:42 / /covered ro - fuse.bootfs bootfs ro,user_id=0\n"
	"49 48 0:43 / /covered rw - tmpfs tmpfs rw\n"
	"50 22 0:44 / /sshfs rw - fuse.sshfs bootfs rw,user_id=0\n"
	"broken line\n"
	"44 22 x:y / /bad rw - tmpfs none rw\n"
	"45 22 0:39 / /cut rw shared:1\n";

static struct mounted find(const char *path)
{
	struct mounted found;

	mountinfo_find(text_of(sample), text_of(path), &found);
	return found;
}

static void the_topmost_mount_is_found(void **state)
{
	struct mounted found = find("/bootfs");

	(void)state;
	assert_int_equal(found.id, 41);
	assert_int_equal(found.major, 0);
	assert_int_equal(found.minor, 36);
	assert_string_equal(found.type, "fuse.bootfs");
	assert_int_equal(find("/").id, 22);
}

static bool is_bootfs(const char *path)
{
	struct mounted found = find(path);

	return mounted_is_bootfs(&found);
}

static void only_roots_bootfs_is_believed(void **state)
{
	(void)state;
	assert_true(is_bootfs("/bootfs"));
	assert_int_equal(find("/mine").user_id, 4242);
	assert_false(is_bootfs("/mine"));
	assert_false(is_bootfs("/long"));
	assert_false(is_bootfs("/covered"));
	assert_false(is_bootfs("/sshfs"));
	assert_false(is_bootfs("/"));
	assert_false(is_bootfs("/nothing"));
}

static void odd_names_are_unescaped(void **state)
{
	(void)state;
	assert_int_equal(find("/a b\\c\nd").id, 42);
	assert_int_equal(find("/a\\040b\\134c\\012d").id, 0);
}

static void where_nothing_is_mounted_nothing_is_found(void **state)
{
	static const char *const none[] = {"", "/boot", "/bootfs/", "/bootfs22", "/bad", "/cut"};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(find(none[i]).id, 0);
}

static void this_process_has_a_proc(void **state)
{
	struct mounted found;
	struct err err = {0};

	(void)state;
	assert_int_equal(mounted_on("/proc", &found, &err), 0);
	assert_string_equal(found.type, "proc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_topmost_mount_is_found),
		cmocka_unit_test(only_roots_bootfs_is_believed),
		cmocka_unit_test(odd_names_are_unescaped),
		cmocka_unit_test(where_nothing_is_mounted_nothing_is_found),
		cmocka_unit_test(this_process_has_a_proc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
