/* Durations, sizes, vdevs and names of domains as bootfs.conf and xl files hold them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static uint32_t ms(const char *value)
{
	uint32_t ret = 0;

	assert_true(parse_duration_ms(text_of(value), &ret));
	return ret;
}

static uint64_t bytes(const char *value)
{
	uint64_t ret = 0;

	assert_true(parse_size(text_of(value), &ret));
	return ret;
}

static void reads_durations(void **state)
{
	(void)state;
	assert_int_equal(ms("5s"), 5000);
	assert_int_equal(ms("5"), 5000);
	assert_int_equal(ms("200ms"), 200);
	assert_int_equal(ms(" 2 m "), 120000);
	assert_int_equal(ms("1h"), 3600000);
	assert_int_equal(ms("0"), 0);
}

static void refuses_what_is_no_duration(void **state)
{
	static const char *const bad[] = {"", "s", "-5s", "5 parsecs", "1.5s", "5s5", "0x5",
		"4294968s", "99999999999999999999"};
	uint32_t ret;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(parse_duration_ms(text_of(bad[i]), &ret));
}

static void reads_sizes(void **state)
{
	(void)state;
	assert_int_equal(bytes("0"), 0);
	assert_int_equal(bytes("4096"), 4096);
	assert_int_equal(bytes("512K"), 512 << 10);
	assert_int_equal(bytes("64M"), 64 << 20);
	assert_int_equal(bytes("64 MiB"), 64 << 20);
	assert_int_equal(bytes("1g"), 1 << 30);
	assert_int_equal(bytes("2T"), (uint64_t)2 << 40);
	assert_int_equal(bytes("18446744073709551615"), UINT64_MAX);
}

static void refuses_what_is_no_size(void **state)
{
	static const char *const bad[] = {
		"", "M", "-1", "1Q", "1.5G", "18446744073709551616", "16777216T", "1 2"};
	uint64_t ret;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(parse_size(text_of(bad[i]), &ret));
}

static void finds_the_partition_of_a_vdev(void **state)
{
	static const struct {
		const char *vdev;
		uint32_t partition;
	} cases[] = {{"hda1", 1}, {"hda", 0}, {"xvda", 0}, {"xvdb12", 12}, {"xvdaa3", 3},
		{"sdc2", 2}, {"vdb1", 1}, {"d0p3", 3}, {"d12p0", 0}, {"d0", 0}, {"dp1", 0}, {"", 0},
		{"hd1", 0}, {"hda0", 0}, {"hda1x", 0}, {"hda129", 0}, {"hda128", 128}, {"sr0", 0},
		{"hda99999999999999999999", 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(vdev_partition(text_of(cases[i].vdev)), cases[i].partition);
}

static void refuses_names_that_are_no_file_names(void **state)
{
	char long_name[256];

	(void)state;
	memset(long_name, 'x', sizeof(long_name));
	assert_null(domain_name_fault(TEXT("mail")));
	assert_null(domain_name_fault(TEXT("web server-2.example")));
	assert_null(domain_name_fault((struct text){long_name, 255}));
	assert_non_null(domain_name_fault((struct text){long_name, 256}));
	assert_non_null(domain_name_fault(TEXT("")));
	assert_non_null(domain_name_fault(TEXT(".")));
	assert_non_null(domain_name_fault(TEXT("..")));
	assert_non_null(domain_name_fault(TEXT(".disk")));
	assert_non_null(domain_name_fault(TEXT("a/b")));
	assert_non_null(domain_name_fault(TEXT("a\nb")));
	assert_non_null(domain_name_fault(TEXT("a\0b")));
	assert_non_null(domain_name_fault(TEXT("a\x7f")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(refuses_what_is_no_duration),
		cmocka_unit_test(reads_sizes),
		cmocka_unit_test(refuses_what_is_no_size),
		cmocka_unit_test(finds_the_partition_of_a_vdev),
		cmocka_unit_test(refuses_names_that_are_no_file_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
