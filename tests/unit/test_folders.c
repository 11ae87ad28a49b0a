/* The domains' folders: found by name, listed by serial number, whatever comes and goes. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* More than there are buckets, so that some share one. */
enum { MANY = FOLDER_BUCKETS + 100 };

static struct domain domains[MANY];
static char names[MANY][16];

static void make_all(struct daemon *daemon)
{
	for (int i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "d%d", i);
		domains[i].name = text_of(names[i]);
		assert_non_null(folder_new_domain(daemon, &domains[i]));
	}
}

static void unlist_all(struct daemon *daemon)
{
	while (daemon->folders)
		folder_unlist(daemon->folders);
	assert_null(daemon->last_folder);
}

static void every_domain_is_found_by_its_name(void **state)
{
	static struct daemon daemon;

	(void)state;
	make_all(&daemon);
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(folder_find(&daemon, domains[i].name)->domain, &domains[i]);
	assert_null(folder_find(&daemon, TEXT("d")));
	assert_null(folder_find(&daemon, TEXT("")));
	unlist_all(&daemon);
}

static void what_is_unlisted_is_found_no_more_and_all_others_are(void **state)
{
	static struct daemon daemon;
	uint32_t before = 0, n = 0;

	(void)state;
	make_all(&daemon);
	for (int i = MANY - 1; i >= 0; i -= 2)
		folder_unlist(folder_find(&daemon, domains[i].name));
	for (int i = 0; i < MANY; i++)
		assert_int_equal(folder_find(&daemon, domains[i].name) != NULL, i % 2 == 0);
	assert_non_null(folder_new_domain(&daemon, &domains[1]));
	assert_ptr_equal(daemon.last_folder, folder_find(&daemon, domains[1].name));
	for (struct folder *folder = daemon.folders; folder; folder = folder->next, n++) {
		assert_true(folder->owner.serial > before);
		before = folder->owner.serial;
	}
	assert_int_equal(n, MANY / 2 + 1);
	unlist_all(&daemon);
}

static void numbers_that_went_round_keep_the_list_in_order(void **state)
{
	static struct daemon daemon;
	struct folder *high, *low;

	(void)state;
	daemon.owners.last = UINT32_MAX - 1;
	domains[0].name = TEXT("high");
	domains[1].name = TEXT("low");
	high = folder_new_domain(&daemon, &domains[0]);
	low = folder_new_domain(&daemon, &domains[1]);
	assert_int_equal(low->owner.serial, 1);
	assert_ptr_equal(daemon.folders, low);
	assert_ptr_equal(daemon.last_folder, high);
	unlist_all(&daemon);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_domain_is_found_by_its_name),
		cmocka_unit_test(what_is_unlisted_is_found_no_more_and_all_others_are),
		cmocka_unit_test(numbers_that_went_round_keep_the_list_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
