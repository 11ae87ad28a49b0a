/* How long what was seen of a disk holds good, and what tells that it has changed. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/folder.h"

#include "tests/support/sample_inspection.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The daemon's clock, in place of core/clock.c: time passes when a test says so. */
static int64_t clock_us = 1000000;

int64_t now_us(void)
{
	return clock_us;
}

static void pass_ms(int64_t ms)
{
	clock_us += ms * 1000;
}

struct fixture {
	struct config config;
	struct daemon daemon;
	struct domain domain;
	struct folder *folder;
};

static struct fixture *make(uint32_t ttl_ms, uint64_t memory)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->config.cache_ttl_ms = ttl_ms;
	f->daemon.config = &f->config;
	assert_int_equal(loop_init(&f->daemon.loop), 0);
	f->daemon.cache = (struct cache){
		.loop = &f->daemon.loop, .owners = &f->daemon.owners, .limit = memory};
	f->domain.name = TEXT("mail");
	f->folder = folder_new_domain(&f->daemon, &f->domain);
	assert_non_null(f->folder);
	return f;
}

static void done(struct fixture *f)
{
	while (f->daemon.folders)
		folder_unlist(f->daemon.folders);
	assert_int_equal(f->daemon.cache.used, 0);
	loop_done(&f->daemon.loop);
	free(f);
}

static struct snapshot *show(struct fixture *f, struct folder *folder)
{
	struct snapshot *snapshot =
		snapshot_new(&f->daemon.cache, sample_inspection(), NULL, TEXT("mail"), false);

	assert_non_null(snapshot);
	folder->snapshot = snapshot;
	folder->checked_ms = now_ms();
	return snapshot;
}

static void a_folder_never_looked_into_is_not_fresh(void **state)
{
	struct fixture *f = make(5000, MIB);

	(void)state;
	assert_false(folder_is_fresh(f->folder));
	done(f);
}

static void what_was_seen_holds_good_for_the_time_to_live(void **state)
{
	struct fixture *f = make(5000, MIB);

	(void)state;
	show(f, f->folder);
	assert_true(folder_is_fresh(f->folder));
	assert_true(folder_fresh_s(f->folder) > 4 && folder_fresh_s(f->folder) <= 5);
	pass_ms(4000);
	assert_true(folder_is_fresh(f->folder));
	assert_true(folder_fresh_s(f->folder) <= 1);
	pass_ms(1000);
	assert_false(folder_is_fresh(f->folder));
	assert_true(folder_fresh_s(f->folder) <= 0);
	done(f);
}

static void a_new_configuration_ends_it_at_once(void **state)
{
	struct fixture *f = make(5000, MIB);

	(void)state;
	show(f, f->folder);
	f->daemon.generation++;
	assert_false(folder_is_fresh(f->folder));
	done(f);
}

static void the_least_recently_used_goes_first(void **state)
{
	struct fixture *f = make(5000, MIB);
	struct domain other = {.name = TEXT("web")};
	struct folder *web = folder_new_domain(&f->daemon, &other);
	struct snapshot *first = show(f, f->folder), *second = show(f, web);
	uint64_t both = f->daemon.cache.used;

	(void)state;
	snapshot_touch(first);
	f->daemon.cache.limit = both;
	assert_true(cache_make_room(&f->daemon.cache, 1));
	assert_true(snapshot_is_whole(first));
	assert_false(snapshot_is_whole(second));
	assert_false(folder_is_fresh(web));
	snapshot_pin(first);
	assert_false(cache_make_room(&f->daemon.cache, both));
	assert_true(snapshot_is_whole(first));
	snapshot_unpin(first);
	assert_true(cache_make_room(&f->daemon.cache, both));
	assert_false(snapshot_is_whole(first));
	done(f);
}

static void equal_answers_have_equal_numbers(void **state)
{
	_inspection_ struct inspection *a = sample_inspection(), *b = sample_inspection();

	(void)state;
	assert_true(inspection_hash(a) == inspection_hash(b));
	b->menu.first->content[SLOT_KERNEL].pieces[0].at++;
	assert_false(inspection_hash(a) == inspection_hash(b));
}

static struct disk_stamp stamp(void)
{
	return (struct disk_stamp){.dev = 1,
		.ino = 2,
		.size = 3,
		.links = 1,
		.mtime = {4, 5},
		.ctime = {6, 7},
		.regular = true};
}

static void a_file_has_changed_when_its_size_or_times_have(void **state)
{
	struct disk_stamp before = stamp(), now = stamp();

	(void)state;
	assert_true(disk_stamp_equal(&before, &now));
	now.size++;
	assert_false(disk_stamp_equal(&before, &now));
	now = stamp();
	now.mtime.tv_nsec++;
	assert_false(disk_stamp_equal(&before, &now));
	now = stamp();
	now.ctime.tv_sec++;
	assert_false(disk_stamp_equal(&before, &now));
	assert_true(disk_is_same(&before, &now));
	now.ino++;
	assert_false(disk_is_same(&before, &now));
	assert_false(disk_stamp_equal(&before, &now));
	now = stamp();
	now.born.tv_nsec++; /* another file that got the number of a removed one */
	assert_false(disk_is_same(&before, &now));
}

static void a_file_that_only_lost_its_name_has_not_changed(void **state)
{
	struct disk_stamp before = stamp(), now = stamp();

	(void)state;
	now.links = 0;
	now.ctime.tv_sec++;
	assert_true(disk_stamp_equal(&before, &now));
	now.mtime.tv_sec++;
	assert_false(disk_stamp_equal(&before, &now));
}

static struct disks *one_disk(struct disk_stamp stamp_now, const char *path, const char *problem)
{
	struct disks *disks = disks_new(1);

	assert_non_null(disks);
	assert_int_equal(disks_set(disks, 0, text_of(path), TEXT(""), 0, text_of(problem)), 0);
	disks->disk[0].stamp = stamp_now;
	return disks;
}

static bool unchanged(struct disk_stamp now, const char *path, const char *problem)
{
	struct disks *a = one_disk(stamp(), "/x", ""), *b = one_disk(now, path, problem);
	bool ret = disks_unchanged(a, b);

	disks_free(a);
	disks_free(b);
	return ret;
}

static void block_devices_and_failures_are_always_looked_at_again(void **state)
{
	struct disk_stamp block = {.rdev = 5};

	(void)state;
	assert_true(unchanged(stamp(), "/x", ""));
	assert_false(unchanged(stamp(), "/y", ""));
	assert_false(unchanged(stamp(), "/x", "cannot open"));
	assert_false(unchanged(block, "/x", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_never_looked_into_is_not_fresh),
		cmocka_unit_test(what_was_seen_holds_good_for_the_time_to_live),
		cmocka_unit_test(a_new_configuration_ends_it_at_once),
		cmocka_unit_test(the_least_recently_used_goes_first),
		cmocka_unit_test(equal_answers_have_equal_numbers),
		cmocka_unit_test(a_file_has_changed_when_its_size_or_times_have),
		cmocka_unit_test(a_file_that_only_lost_its_name_has_not_changed),
		cmocka_unit_test(block_devices_and_failures_are_always_looked_at_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
