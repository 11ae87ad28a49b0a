/* Versions in the order of UAPI.10; patterns. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static int compare(const char *a, const char *b)
{
	int order = version_compare(text_of(a), text_of(b));

	assert_int_equal(order > 0, version_compare(text_of(b), text_of(a)) < 0);
	return (order > 0) - (order < 0);
}

/* The example list of the specification, lowest first. */
static void the_specification_s_list_is_in_order(void **state)
{
	static const char *const list[] = {"~1", "", "ab", "abb", "abc", "0001", "002", "12", "122",
		"122.9", "123~rc1", "123", "123-a", "123-a.1", "123-a1", "123-a1.1", "123-3",
		"123-3.1", "123^patch1", "123^1", "123.a-1", "123.1-1", "123a-1", "124"};

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(list) / sizeof(list[0]); i++) {
		if (compare(list[i], list[i + 1]) != -1)
			fail_msg("%s is not below %s", list[i], list[i + 1]);
	}
}

static void equal_versions_compare_equal(void **state)
{
	(void)state;
	assert_int_equal(compare("1.2.3", "1.2.3"), 0);
	assert_int_equal(compare("001", "1"), 0);
	assert_int_equal(compare("1_2", "1/2"), 0);
	assert_int_equal(compare("", "_"), 0);
}

static void numbers_of_any_length_compare(void **state)
{
	(void)state;
	assert_int_equal(compare("99999999999999999999", "100000000000000000000"), -1);
	assert_int_equal(compare("6.1.0-9-amd64", "6.1.0-18-amd64"), -1);
	assert_int_equal(compare("6.10.0", "6.9.0"), 1);
	assert_int_equal(compare("5.4.0~rc1", "5.4.0"), -1);
}

static bool matches(const char *pattern, const char *name)
{
	return glob_matches(text_of(pattern), text_of(name));
}

static void patterns_match_as_in_a_shell(void **state)
{
	(void)state;
	assert_true(matches("", ""));
	assert_true(matches("*", ""));
	assert_true(matches("arch*.conf", "arch-lts.conf"));
	assert_true(matches("*-lts*", "arch-lts.conf"));
	assert_true(matches("a?c", "abc"));
	assert_true(matches("[a-c]x[!0-9]", "bxz"));
	assert_true(matches("[]]", "]"));
	assert_true(matches("\\*", "*"));
	assert_true(matches("[", "["));
	assert_true(matches("*a*b", "xaxbxb"));
	assert_false(matches("arch.conf", "arch.conf2"));
	assert_false(matches("a?c", "ac"));
	assert_false(matches("[a-c]", "d"));
	assert_false(matches("[!a]", "a"));
	assert_false(matches("\\*", "x"));
	assert_false(matches("*x", "xy"));
	assert_false(matches("a", ""));
}

static void many_stars_end_soon(void **state)
{
	char name[2001], pattern[2001];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = i % 2 ? '*' : 'a';
	pattern[sizeof(pattern) - 2] = 'b';
	name[2000] = pattern[2000] = '\0';
	assert_false(matches(pattern, name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_specification_s_list_is_in_order),
		cmocka_unit_test(equal_versions_compare_equal),
		cmocka_unit_test(numbers_of_any_length_compare),
		cmocka_unit_test(patterns_match_as_in_a_shell),
		cmocka_unit_test(many_stars_end_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
