/* config/oneshot: a one-shot entry is booted once. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/oneshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

#define MAIL TEXT("mail")
#define KEY  TEXT("3f0c2c1e 12 1700000000 99aa")

static char top[64], folder[80];

static int make_folder(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test-oneshot.XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(folder, sizeof(folder), "%s/lib/one-shot", top);
	return 0;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

static int64_t later(void)
{
	return (int64_t)time(NULL) + 5;
}

static void a_new_one_is_honoured_until_recorded(void **state)
{
	struct err err = {0};

	(void)state;
	assert_true(oneshot_fresh(folder, MAIL, KEY, later(), &err));
	assert_true(oneshot_fresh(folder, MAIL, KEY, later(), &err));
	assert_int_equal(oneshot_record(folder, MAIL, KEY, &err), 0);
	assert_false(oneshot_fresh(folder, MAIL, KEY, later(), &err));
	assert_string_equal(err.text, "it was booted once already");
}

static void another_block_or_domain_is_honoured_again(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(oneshot_record(folder, MAIL, KEY, &err), 0);
	assert_true(oneshot_fresh(folder, MAIL, TEXT("other"), later(), &err));
	assert_true(oneshot_fresh(folder, TEXT("web"), KEY, later(), &err));
}

static void one_from_before_our_records_never_fires(void **state)
{
	struct err err = {0};

	(void)state;
	assert_false(oneshot_fresh(folder, MAIL, KEY, (int64_t)time(NULL) - 86400, &err));
	assert_string_equal(err.text, "it was set before bootfs came to this host");
}

static void an_unknown_domain_has_none(void **state)
{
	struct err err = {0};

	(void)state;
	assert_false(oneshot_fresh(folder, TEXT(""), KEY, later(), &err));
	err = (struct err){0};
	assert_false(oneshot_fresh(folder, TEXT("../x"), KEY, later(), &err));
	assert_true(oneshot_record(folder, TEXT("../x"), KEY, &err) < 0);
}

static void without_a_place_for_records_none_is_honoured(void **state)
{
	struct err err = {0};

	(void)state;
	assert_false(oneshot_fresh("/proc/bootfs", MAIL, KEY, later(), &err));
	assert_true(oneshot_record("/proc/bootfs", MAIL, KEY, &(struct err){0}) < 0);
	assert_true(strstr(err.text, "/proc/bootfs") != NULL);
}

static bool is_web(void *context, struct text domain)
{
	(void)context;
	return text_is(domain, "web");
}

static void a_record_goes_with_its_domain(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(oneshot_record(folder, MAIL, KEY, &err), 0);
	assert_int_equal(oneshot_record(folder, TEXT("web"), KEY, &err), 0);
	oneshot_tidy(folder, is_web, NULL);
	assert_true(oneshot_fresh(folder, MAIL, KEY, later(), &err));
	assert_false(oneshot_fresh(folder, TEXT("web"), KEY, later(), &err));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_one_is_honoured_until_recorded),
		TEST(another_block_or_domain_is_honoured_again),
		TEST(one_from_before_our_records_never_fires),
		TEST(an_unknown_domain_has_none),
		TEST(without_a_place_for_records_none_is_honoured),
		TEST(a_record_goes_with_its_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
