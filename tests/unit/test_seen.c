/* seen: a folder is shown at one place only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void a_folder_stays_at_its_first_place(void **state)
{
	struct seen seen = {0};

	(void)state;
	assert_true(seen_allow(&seen, 7, 100));
	assert_true(seen_allow(&seen, 7, 100));
	assert_false(seen_allow(&seen, 7, 101));
	assert_true(seen_allow(&seen, 0, 101)); /* 0 is a number as any */
	assert_false(seen_allow(&seen, 0, 100));
	seen_done(&seen);
	assert_true(seen_allow(&seen, 7, 101));
	seen_done(&seen);
}

static void many_folders_are_kept_apart(void **state)
{
	struct seen seen = {0};

	(void)state;
	for (uint64_t i = 0; i < 100000; i++)
		assert_true(seen_allow(&seen, i << 20, i));
	for (uint64_t i = 0; i < 100000; i++)
		assert_false(seen_allow(&seen, i << 20, i + 1));
	seen_done(&seen);
}

static void too_many_are_not_shown(void **state)
{
	struct seen seen = {0};

	(void)state;
	for (uint64_t i = 0; i < SEEN_MOST; i++)
		assert_true(seen_allow(&seen, i, 1));
	assert_false(seen_allow(&seen, SEEN_MOST, 1));
	assert_true(seen_allow(&seen, 5, 1));
	seen_done(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_stays_at_its_first_place),
		cmocka_unit_test(many_folders_are_kept_apart),
		cmocka_unit_test(too_many_are_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
