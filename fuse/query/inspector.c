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
	struct task *task; /* whose child it was; NULL: that is gone */
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
	if (lost->task)
		lost->task->lost = NULL;
	free(lost);
}

/* Kills the child without waiting for its death. */
static void task_lose_child(struct task *task)
{
	struct lost_child *lost = calloc(1, sizeof(*lost));

	loop_forget(task->inspector->loop, &task->source);
	if (!lost) {
		drop(task->inspector->loop, &task->ask);
		return;
	}
	ask_kill(&task->ask);
	*lost = (struct lost_child){
		.inspector = task->inspector,
		.task = task,
		.ask = task->ask,
		.source = {task->ask.pidfd, lost_ready},
	};
	task->lost = lost;
	if (loop_watch(task->inspector->loop, &lost->source)) {
		drop(task->inspector->loop, &lost->ask);
		task->lost = NULL;
		free(lost);
		return;
	}
	task->inspector->lost++;
}

static void queue_remove(struct task *task)
{
	struct inspector *inspector = task->inspector;
	struct task **at = &inspector->queue;

	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	if (!*at)
		inspector->queue_end = at;
	task->next = NULL;
}

static void inspector_start_more(struct inspector *inspector);

/* Gives up its place; the child is reaped or lost already. */
static void task_end(struct task *task)
{
	struct inspector *inspector = task->inspector;

	timer_stop(&task->deadline);
	timer_stop(&task->slow);
	if (task->state == TASK_QUEUED)
		queue_remove(task);
	if (task->state == TASK_RUNNING) {
		inspector->running--;
		inspector->slow -= task->is_slow;
	}
	task->state = TASK_NONE;
	task->is_slow = false;
}

/* code: 0, or why there is no answer. */
static void task_count(const struct task *task, int code)
{
	struct inspection_stats *stats = &task->inspector->stats;

	if (task->state == TASK_QUEUED) {
		stats->failures[FAILURE_TIMEOUT]++;
		return;
	}
	if (task->about.kind >= QUESTION_FOLDER)
		stats->volumes++;
	else if (task->content_size)
		stats->contents++;
	else
		stats->menus++;
	stats_add_inspection(stats, (uint64_t)(now_us() - task->asked_us), code);
}

static void task_finish(
	struct task *task, struct inspection *inspection, int content_fd, const struct err *err)
{
	struct inspector *inspector = task->inspector;

	task_count(task, inspection || content_fd >= 0 ? 0 : err->code);
	task_end(task);
	task->finished(task, inspection, content_fd, err); /* may free the task */
	inspector_start_more(inspector);
}

void inspector_tell_gaps(struct inspector *inspector, uint32_t gaps)
{
	uint32_t news = gaps & ~inspector->told_gaps;

	inspector->told_gaps |= gaps;
	for (uint32_t gap = 1; gap < GAP_ALL && inspector->notice; gap <<= 1) {
		if (news & gap)
			notice_say(inspector->notice, LOG_WARNING, "the inspector's sandbox: %s",
				sandbox_gap_text((enum sandbox_gap)gap));
	}
}

static void task_ready(struct source *source)
{
	struct task *task = container_of(source, struct task, source);
	struct inspection *inspection = NULL;
	struct err err = {0};
	int content_fd = -1;

	loop_forget(task->inspector->loop, source);
	if (ask_finish(&task->ask, &inspection, &content_fd, &err)) {
		inspection = NULL;
		content_fd = -1;
	}
	reaper_take(task->inspector->loop, &task->ask.servers);
	if (inspection)
		inspector_tell_gaps(task->inspector, inspection->gaps);
	task_finish(task, inspection, content_fd, &err);
}

static void task_late(struct timer *timer)
{
	struct task *task = container_of(timer, struct task, deadline);
	double seconds = task->disks->how.limits.timeout_ms / 1000.0;
	struct err err = {0};

	if (task->state == TASK_QUEUED)
		err_set(&err, ETIMEDOUT, "no inspector was free for %g s", seconds);
	else
		err_set(&err, ETIMEDOUT, "no answer within %g s (inspect-timeout)", seconds);
	if (task->state == TASK_RUNNING)
		task_lose_child(task);
	task_finish(task, NULL, -1, &err);
}

static void task_is_slow(struct timer *timer)
{
	struct task *task = container_of(timer, struct task, slow);

	if (task->inspector->slow >= MORE_TASKS)
		return;
	task->is_slow = true;
	task->inspector->slow++;
	inspector_start_more(task->inspector);
}

static void add_login(const struct login_request *login, struct question *question)
{
	question->has_login = true;
	question->login_name = (struct text){login->name, login->name_len};
	question->login_password = (struct text){login->password, login->password_len};
}

static void ask_about_volume(const struct task *task, struct question *question)
{
	question->kind = task->about.kind;
	question->volume = task->about.volume;
	question->path = task->about.path;
	question->content_size = task->about.size;
	question->content_identity = task->about.identity;
	question->range_at = task->about.range_at;
	question->range_length = task->about.range_length;
}

static void task_question(const struct task *task, struct question *question)
{
	disks_question(task->disks, question);
	if (task->login)
		add_login(&task->login->request, question);
	if (task->about.kind >= QUESTION_FOLDER)
		ask_about_volume(task, question);
	if (!task->content_size)
		return;
	question->kind = QUESTION_CONTENT;
	question->content_entry = task->content_entry;
	question->content_slot = task->content_slot;
	question->content_size = task->content_size;
	question->content_identity = task->content_identity;
}

/* -errno with err: it was not started, and is still the first of the queue. */
static int task_ask(struct task *task, struct err *err)
{
	struct inspector *inspector = task->inspector;
	struct ask_settings settings = inspector->settings;
	struct question question;
	int r;

	task_question(task, &question);
	settings.uid = task->disks->how.uid;
	settings.gid = task->disks->how.gid;
	r = ask_start(&settings, &question, &task->ask, err);
	if (r) {
		reaper_take(inspector->loop, &task->ask.servers);
		return r;
	}
	task->source = (struct source){task->ask.pidfd, task_ready};
	r = loop_watch(inspector->loop, &task->source);
	if (r) {
		drop(inspector->loop, &task->ask);
		return err_set(err, -r, "cannot watch the inspector: %m");
	}
	queue_remove(task);
	task->state = TASK_RUNNING;
	task->asked_us = now_us();
	inspector->running++;
	loop_set_timer(inspector->loop, &task->slow, SLOW_MS);
	return 0;
}

static void inspector_start_more(struct inspector *inspector)
{
	while (inspector->queue && inspector->running - inspector->slow < inspector->limit) {
		struct task *task = inspector->queue;
		struct err err = {0};

		if (task_ask(task, &err)) {
			inspector->stats.failures[FAILURE_START]++;
			/* Its place goes to the next one of this very loop. */
			task_end(task);
			task->finished(task, NULL, -1, &err);
		}
	}
}

void task_start(struct inspector *inspector, struct task *task, uint32_t timeout_ms)
{
	struct err err = {0};

	task->inspector = inspector;
	if (task->lost) {
		inspector->stats.failures[FAILURE_TIMEOUT]++;
		err_set(&err, ETIMEDOUT, "the disk still does not answer");
		task->finished(task, NULL, -1, &err);
		return;
	}
	task->next = NULL;
	task->state = TASK_QUEUED;
	*inspector->queue_end = task;
	inspector->queue_end = &task->next;
	task->deadline.fire = task_late;
	loop_set_timer(inspector->loop, &task->deadline, timeout_ms);
	task->slow.fire = task_is_slow;
	inspector_start_more(inspector);
}

void task_abort(struct task *task)
{
	struct inspector *inspector = task->inspector;

	if (task->state == TASK_RUNNING)
		task_lose_child(task);
	if (task->state != TASK_NONE)
		task_end(task);
	if (task->lost)
		task->lost->task = NULL;
	task->lost = NULL;
	if (inspector)
		inspector_start_more(inspector);
}
