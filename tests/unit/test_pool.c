/* Workers: some hang, the others go on. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/loop/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <cmocka.h>

/* A job that ends when its pipe does. */
struct task {
	struct job job;
	struct loop *loop;
	int ends[2];
	int *left; /* the loop stops when this becomes 0 */
	atomic_bool begun;
	bool done;
};

static atomic_int running, most;

static void task_run(struct job *job, struct scratch *scratch)
{
	struct task *task = container_of(job, struct task, job);
	int now = atomic_fetch_add(&running, 1) + 1;
	char byte;

	if (now > atomic_load(&most))
		atomic_store(&most, now);
	assert_non_null(scratch_get(scratch, 100));
	atomic_store(&task->begun, true);
	if (task->ends[0] >= 0)
		assert_int_equal(read(task->ends[0], &byte, 1), 0);
	atomic_fetch_sub(&running, 1);
}

static void task_done(struct job *job)
{
	struct task *task = container_of(job, struct task, job);

	task->done = true;
	if (--*task->left == 0)
		task->loop->stop = true;
}

static void late(struct timer *timer)
{
	(void)timer;
	fail_msg("the jobs did not end in time");
}

struct fixture {
	struct loop loop;
	struct pool pool;
	struct timer late;
	int left;
};

static struct fixture *make(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(loop_init(&f->loop), 0);
	assert_int_equal(pool_init(&f->pool, &f->loop), 0);
	f->late.fire = late;
	loop_set_timer(&f->loop, &f->late, 20000);
	atomic_store(&most, 0);
	return f;
}

static void submit(struct fixture *f, struct task *task, uint64_t key, bool hangs)
{
	*task = (struct task){
		.job = {.key = key, .wake = true, .run = task_run, .done = task_done},
		.loop = &f->loop,
		.ends = {-1, -1},
		.left = &f->left,
	};
	if (hangs)
		assert_int_equal(pipe(task->ends), 0);
	f->left++;
	pool_submit(&f->pool, &task->job);
}

static void let_go(struct task *task)
{
	close(task->ends[1]);
}

static void wait_for_all(struct fixture *f)
{
	f->loop.stop = false;
	assert_int_equal(loop_run(&f->loop), 0);
}

static void all_jobs_are_done_by_few_threads(void **state)
{
	struct fixture *f = make();
	static struct task tasks[200];

	(void)state;
	for (int i = 0; i < 200; i++)
		submit(f, &tasks[i], 0, false);
	wait_for_all(f);
	for (int i = 0; i < 200; i++)
		assert_true(tasks[i].done);
	assert_in_range(atomic_load(&most), 1, 4);
}

static void hung_jobs_of_many_disks_stop_no_other(void **state)
{
	struct fixture *f = make();
	static struct task hung[20], good[10];

	(void)state;
	for (int i = 0; i < 20; i++)
		submit(f, &hung[i], (uint64_t)i + 1, true);
	f->left = 0;
	for (int i = 0; i < 10; i++)
		submit(f, &good[i], 100, false);
	wait_for_all(f);
	for (int i = 0; i < 10; i++)
		assert_true(good[i].done);
	for (int i = 0; i < 20; i++)
		assert_false(hung[i].done);
	f->left = 20;
	for (int i = 0; i < 20; i++)
		let_go(&hung[i]);
	wait_for_all(f);
}

static void one_disk_never_has_more_than_its_share(void **state)
{
	struct fixture *f = make();
	static struct task hung[10], good[10];
	int begun = 0;

	(void)state;
	for (int i = 0; i < 10; i++)
		submit(f, &hung[i], 7, true);
	f->left = 0;
	for (int i = 0; i < 10; i++)
		submit(f, &good[i], (uint64_t)i + 100, false);
	wait_for_all(f);
	for (int i = 0; i < 10; i++)
		begun += atomic_load(&hung[i].begun);
	assert_int_equal(begun, POOL_PER_KEY);
	f->left = 10;
	for (int i = 0; i < 10; i++)
		let_go(&hung[i]);
	wait_for_all(f);
}

static void a_job_that_wakes_nobody_is_collected_soon(void **state)
{
	struct fixture *f = make();
	static struct task quiet;

	(void)state;
	submit(f, &quiet, 0, true);
	quiet.job.wake = false;
	let_go(&quiet);
	f->late.fire = late;
	loop_set_timer(&f->loop, &f->late, 10 * POOL_SWEEP_MS);
	wait_for_all(f);
	assert_true(quiet.done);
}

static void a_job_that_has_not_begun_can_be_taken_back(void **state)
{
	struct fixture *f = make();
	static struct task hung[2], waiting;

	(void)state;
	submit(f, &hung[0], 7, true);
	submit(f, &hung[1], 7, true);
	while (!atomic_load(&hung[0].begun) || !atomic_load(&hung[1].begun))
		usleep(1000);
	submit(f, &waiting, 7, false);
	assert_true(pool_cancel(&f->pool, &waiting.job));
	assert_false(pool_cancel(&f->pool, &waiting.job));
	assert_false(pool_cancel(&f->pool, &hung[0].job));
	f->left--;
	let_go(&hung[0]);
	let_go(&hung[1]);
	wait_for_all(f);
	assert_false(waiting.done);
}

int main(void)
{
	/* A pool is for the life of a process: what these leave behind is not theirs to free. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_jobs_are_done_by_few_threads),
		cmocka_unit_test(hung_jobs_of_many_disks_stop_no_other),
		cmocka_unit_test(one_disk_never_has_more_than_its_share),
		cmocka_unit_test(a_job_that_wakes_nobody_is_collected_soon),
		cmocka_unit_test(a_job_that_has_not_begun_can_be_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
