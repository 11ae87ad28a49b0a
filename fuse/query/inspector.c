/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/inspector.h"

#include "fuse/query/reaper.h"

#include <errno.h>

/*
 * A killed child that has not died: it waits in the kernel for its disk. It is reaped whenever it
 * comes back; until then nobody asks about the same disk again.
 */
struct lost_child {
	struct inspector *inspector;
	struct run *run; /* whose child it was; NULL: that is gone */
	struct ask ask;
	struct source source;
};

void inspector_init(struct inspector *inspector, struct loop *loop)
{
	inspector->loop = loop;
	inspector->queue = NULL;
	inspector->queue_end = &inspector->queue;
}

/* The child is dead, what it says no longer matters. */
static void reap(struct loop *loop, struct ask *ask)
{
	struct inspection *inspection = NULL;
	int content_fd = -1;
	struct err err = {0};

	if (ask_finish(ask, &inspection, &content_fd, &err) == 0) {
		inspection_free(inspection);
		if (content_fd >= 0)
			close(content_fd);
	}
	reaper_take(loop, &ask->servers);
}

/* Without waiting longer than ask_abort() does. */
static void drop(struct loop *loop, struct ask *ask)
{
	ask_abort(ask);
	reaper_take(loop, &ask->servers);
}

static void lost_ready(struct source *source)
{
	struct lost_child *lost = container_of(source, struct lost_child, source);

	loop_forget(lost->inspector->loop, source);
	reap(lost->inspector->loop, &lost->ask);
	lost->inspector->lost--;
	if (lost->run)
		lost->run->lost = NULL;
	free(lost);
}

/* Kills the child without waiting for its death. */
static void run_lose_child(struct run *run)
{
	struct lost_child *lost = calloc(1, sizeof(*lost));

	loop_forget(run->inspector->loop, &run->source);
	if (!lost) {
		drop(run->inspector->loop, &run->ask);
		return;
	}
	ask_kill(&run->ask);
	*lost = (struct lost_child){
		.inspector = run->inspector,
		.run = run,
		.ask = run->ask,
		.source = {run->ask.pidfd, lost_ready},
	};
	run->lost = lost;
	if (loop_watch(run->inspector->loop, &lost->source)) {
		drop(run->inspector->loop, &lost->ask);
		run->lost = NULL;
		free(lost);
		return;
	}
	run->inspector->lost++;
}

static void queue_remove(struct run *run)
{
	struct inspector *inspector = run->inspector;
	struct run **at = &inspector->queue;

	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	if (!*at)
		inspector->queue_end = at;
	run->next = NULL;
}

static void inspector_start_more(struct inspector *inspector);

/* Gives up its place; the child is reaped or lost already. */
static void run_end(struct run *run)
{
	struct inspector *inspector = run->inspector;

	timer_stop(&run->deadline);
	timer_stop(&run->slow);
	if (run->state == RUN_QUEUED)
		queue_remove(run);
	if (run->state == RUN_ASKED) {
		inspector->running--;
		inspector->slow -= run->is_slow;
	}
	run->state = RUN_NONE;
	run->is_slow = false;
}

/* code: 0, or why there is no answer. */
static void run_count(const struct run *run, int code)
{
	struct inspection_stats *stats = &run->inspector->stats;

	if (run->state == RUN_QUEUED) {
		stats->failures[FAILURE_TIMEOUT]++;
		return;
	}
	if (run->about.kind >= QUESTION_FOLDER)
		stats->volumes++;
	else if (run->content_size)
		stats->contents++;
	else
		stats->menus++;
	stats_add_inspection(stats, (uint64_t)(now_us() - run->asked_us), code);
}

static void run_finish(
	struct run *run, struct inspection *inspection, int content_fd, const struct err *err)
{
	struct inspector *inspector = run->inspector;

	run_count(run, inspection || content_fd >= 0 ? 0 : err->code);
	run_end(run);
	run->finished(run, inspection, content_fd, err); /* may free the run */
	inspector_start_more(inspector);
}

static void tell_gaps(struct inspector *inspector, uint32_t gaps)
{
	uint32_t news = gaps & ~inspector->told_gaps;

	inspector->told_gaps |= gaps;
	for (uint32_t gap = 1; gap < GAP_ALL && inspector->notice; gap <<= 1) {
		if (news & gap)
			notice_say(inspector->notice, LOG_WARNING, "the inspector's sandbox: %s",
				sandbox_gap_text((enum sandbox_gap)gap));
	}
}

int inspector_try(struct inspector *inspector, struct err *err)
{
	struct question question = {.kind = QUESTION_NOTHING, .limits = limits_default()};
	_inspection_ struct inspection *answer = NULL;
	int r;

	question.limits.timeout_ms = TRY_MS;
	r = ask_and_wait(&inspector->settings, &question, &answer, NULL, err);
	if (r < 0)
		return err_prefix(err, "no guest could be read: the inspector");
	tell_gaps(inspector, answer->gaps);
	return 0;
}

static void run_ready(struct source *source)
{
	struct run *run = container_of(source, struct run, source);
	struct inspection *inspection = NULL;
	struct err err = {0};
	int content_fd = -1;

	loop_forget(run->inspector->loop, source);
	if (ask_finish(&run->ask, &inspection, &content_fd, &err)) {
		inspection = NULL;
		content_fd = -1;
	}
	reaper_take(run->inspector->loop, &run->ask.servers);
	if (inspection)
		tell_gaps(run->inspector, inspection->gaps);
	run_finish(run, inspection, content_fd, &err);
}

static void run_late(struct timer *timer)
{
	struct run *run = container_of(timer, struct run, deadline);
	double seconds = run->disks->how.limits.timeout_ms / 1000.0;
	struct err err = {0};

	if (run->state == RUN_QUEUED)
		err_set(&err, ETIMEDOUT, "no inspector was free for %g s", seconds);
	else
		err_set(&err, ETIMEDOUT, "no answer within %g s (inspect-timeout)", seconds);
	if (run->state == RUN_ASKED)
		run_lose_child(run);
	run_finish(run, NULL, -1, &err);
}

static void run_is_slow(struct timer *timer)
{
	struct run *run = container_of(timer, struct run, slow);

	if (run->inspector->slow >= MORE_RUNS)
		return;
	run->is_slow = true;
	run->inspector->slow++;
	inspector_start_more(run->inspector);
}

static void add_login(const struct login_request *login, struct question *question)
{
	question->has_login = true;
	question->login_name = (struct text){login->name, login->name_len};
	question->login_password = (struct text){login->password, login->password_len};
}

static void ask_about_volume(const struct run *run, struct question *question)
{
	question->kind = run->about.kind;
	question->volume = run->about.volume;
	question->path = run->about.path;
	question->content_size = run->about.size;
	question->content_identity = run->about.identity;
	question->range_at = run->about.range_at;
	question->range_length = run->about.range_length;
}

static void run_question(const struct run *run, struct question *question)
{
	disks_question(run->disks, question);
	if (run->login)
		add_login(&run->login->request, question);
	if (run->about.kind >= QUESTION_FOLDER)
		ask_about_volume(run, question);
	if (!run->content_size)
		return;
	question->kind = QUESTION_CONTENT;
	question->content_entry = run->content_entry;
	question->content_slot = run->content_slot;
	question->content_size = run->content_size;
	question->content_identity = run->content_identity;
}

/* -errno with err: it was not started, and is still the first of the queue. */
static int run_ask(struct run *run, struct err *err)
{
	struct inspector *inspector = run->inspector;
	struct ask_settings settings = inspector->settings;
	struct question question;
	int r;

	run_question(run, &question);
	settings.uid = run->disks->how.uid;
	settings.gid = run->disks->how.gid;
	r = ask_start(&settings, &question, &run->ask, err);
	if (r) {
		reaper_take(inspector->loop, &run->ask.servers);
		return r;
	}
	run->source = (struct source){run->ask.pidfd, run_ready};
	r = loop_watch(inspector->loop, &run->source);
	if (r) {
		drop(inspector->loop, &run->ask);
		return err_set(err, -r, "cannot watch the inspector: %m");
	}
	queue_remove(run);
	run->state = RUN_ASKED;
	run->asked_us = now_us();
	inspector->running++;
	loop_set_timer(inspector->loop, &run->slow, SLOW_MS);
	return 0;
}

static void inspector_start_more(struct inspector *inspector)
{
	while (inspector->queue && inspector->running - inspector->slow < inspector->limit) {
		struct run *run = inspector->queue;
		struct err err = {0};

		if (run_ask(run, &err)) {
			inspector->stats.failures[FAILURE_START]++;
			/* Its place goes to the next one of this very loop. */
			run_end(run);
			run->finished(run, NULL, -1, &err);
		}
	}
}

void run_start(struct inspector *inspector, struct run *run, uint32_t timeout_ms)
{
	struct err err = {0};

	run->inspector = inspector;
	if (run->lost) {
		inspector->stats.failures[FAILURE_TIMEOUT]++;
		err_set(&err, ETIMEDOUT, "the disk still does not answer");
		run->finished(run, NULL, -1, &err);
		return;
	}
	run->next = NULL;
	run->state = RUN_QUEUED;
	*inspector->queue_end = run;
	inspector->queue_end = &run->next;
	run->deadline.fire = run_late;
	loop_set_timer(inspector->loop, &run->deadline, timeout_ms);
	run->slow.fire = run_is_slow;
	inspector_start_more(inspector);
}

void run_abort(struct run *run)
{
	struct inspector *inspector = run->inspector;

	if (run->state == RUN_ASKED)
		run_lose_child(run);
	if (run->state != RUN_NONE)
		run_end(run);
	if (run->lost)
		run->lost->run = NULL;
	run->lost = NULL;
	if (inspector)
		inspector_start_more(inspector);
}
