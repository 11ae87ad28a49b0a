/* Names below .disk. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/diskname.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void assert_parses(const char *name, struct arena *arena, struct disk_request *ret)
{
	assert_int_equal(disk_request_parse(text_of(name), arena, ret), 0);
}

static void a_path_is_unescaped(void **state)
{
	_arena_ struct arena arena = {.limit = 65536};
	struct disk_request request;

	(void)state;
	assert_parses("%2Fdev%2Fvg0%2Fa%2Cb%3Dc%25 d", &arena, &request);
	assert_string_equal(request.path.at, "/dev/vg0/a,b=c% d");
	assert_int_equal(request.uid, (uid_t)-1);
	assert_int_equal(request.offset, 0);
	assert_false(request.ignore_one_shot || request.only_config);
}

static void every_key_is_understood(void **state)
{
	_arena_ struct arena arena = {.limit = 65536};
	struct disk_request request;

	(void)state;
	assert_parses("%2Fx,offset=32256,domain=mail%2C1,config=(hd0)%2Fgrub.cfg,platform=pc,"
		      "flavour=fedora,uid=65437,max-kernel=1,max-initrd=2,one-shot=ignore,"
		      "kind=config",
		&arena, &request);
	assert_string_equal(request.path.at, "/x");
	assert_int_equal(request.offset, 32256);
	assert_string_equal(request.domain.at, "mail,1");
	assert_string_equal(request.config.at, "(hd0)/grub.cfg");
	assert_string_equal(request.platform.at, "pc");
	assert_string_equal(request.flavour.at, "fedora");
	assert_int_equal(request.uid, 65437);
	assert_int_equal(request.max_kernel, 1);
	assert_int_equal(request.max_initrd, 2);
	assert_true(request.ignore_one_shot && request.only_config);
}

static void a_login_is_a_token(void **state)
{
	_arena_ struct arena arena = {.limit = 65536};
	struct disk_request request;

	(void)state;
	assert_parses("%2Fx,login=18446744073709551615", &arena, &request);
	assert_true(request.login == UINT64_MAX);
}

static void a_kernel_may_be_named(void **state)
{
	_arena_ struct arena arena = {.limit = 65536};
	struct disk_request request;

	(void)state;
	assert_parses("%2Fx,ramdisk=%2Fi%2C1,kernel=%2Fboot%2Fvmlinuz", &arena, &request);
	assert_string_equal(request.kernel.at, "/boot/vmlinuz");
	assert_string_equal(request.ramdisk.at, "/i,1");
}

static void whatever_else_is_no_name(void **state)
{
	static const char *const wrong[] = {"", ",", "x", "dev%2Fsda", "%2", "%2Fx%", "%2Fx%2",
		"%2Fx%41", "%2fx", "%00", "%2Fx=", "%2Fx,offset", "%2Fx,offset=", "%2Fx,=1",
		"%2Fx,offset=-1", "%2Fx,offset=1,offset=1", "%2Fx,offset=9223372036854775808",
		"%2Fx,nope=1", "%2Fx,uid=0", "%2Fx,uid=4294967295", "%2Fx,uid=x", "%2Fx,domain=a=b",
		"%2Fx,one-shot=maybe", "%2Fx,kind=", "%2Fx,ramdisk=%2Fi",
		"%2Fx,kernel=", "%2Fx,kernel=k,kind=config", "%2Fx,kernel=k,config=c", "/x",
		"%2Fx,login=0", "%2Fx,login=root:secret", "%2Fx,login=18446744073709551616",
		"%2Fa/b", "%2Fx,Offset=1"};
	struct disk_request request;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		_arena_ struct arena arena = {.limit = 65536};

		if (disk_request_parse(text_of(wrong[i]), &arena, &request) != -EINVAL)
			fail_msg("\"%s\" is taken for a name", wrong[i]);
	}
}

static void a_full_arena_is_an_error(void **state)
{
	_arena_ struct arena arena = {.limit = 8};
	struct disk_request request;

	(void)state;
	assert_int_equal(disk_request_parse(TEXT("%2Fdev%2Fsda"), &arena, &request), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_unescaped),
		cmocka_unit_test(every_key_is_understood),
		cmocka_unit_test(a_login_is_a_token),
		cmocka_unit_test(a_kernel_may_be_named),
		cmocka_unit_test(whatever_else_is_no_name),
		cmocka_unit_test(a_full_arena_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
