/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/deferred.h"

#include "fuse/host/daemon.h"

#include <errno.h>

static struct content_node *content_of(struct later *later)
{
	return container_of(later, struct content_node, later);
}

static struct laters *laters_of(struct later *later)
{
	return &content_of(later)->daemon->laters;
}

static void full_add(struct later *later)
{
	struct laters *laters = laters_of(later);

	later->next_full = laters->full;
	laters->full = later;
}

static void full_remove(struct later *later)
{
	struct later **at = &laters_of(later)->full;

	while (*at != later)
		at = &(*at)->next_full;
	*at = later->next_full;
}

static void hungry_append(struct later *later)
{
	struct later **at = &laters_of(later)->hungry;

	while (*at)
		at = &(*at)->next_hungry;
	later->next_hungry = NULL;
	*at = later;
}

static void hungry_remove(struct later *later)
{
	struct later **at = &laters_of(later)->hungry;

	while (*at != later)
		at = &(*at)->next_hungry;
	*at = later->next_hungry;
}

void later_init(struct later *later)
{
	later->fd = -1;
}

/* ---- memory --------------------------------------------------------------------------------- */

static void later_forget(struct later *later)
{
	struct laters *laters = laters_of(later);

	if (!later->bytes)
		return;
	cleanup_close(&later->fd);
	later->fd = -1;
	full_remove(later);
	laters->bytes -= later->bytes;
	content_of(later)->daemon->cache.used -= later->bytes;
	later->bytes = 0;
	if (laters->hungry)
		loop_set_timer(&content_of(later)->daemon->loop, &laters->feed, 0);
}

/* The one that was read longest ago and is not needed right now. NULL: all are. */
static struct later *find_victim(const struct laters *laters)
{
	struct later *victim = NULL;

	for (struct later *later = laters->full; later; later = later->next_full) {
		if (later->fd >= 0 && !later->reads && !later->waiting.first &&
			(!victim || later->used_ms < victim->used_ms))
			victim = later;
	}
	return victim;
}

/* One content may be bigger than the cache, or no guest with it could boot; not two. */
static bool later_take_room(struct later *later)
{
	const struct content_node *content = content_of(later);
	uint64_t bytes = content_later_bytes(tree_content(&content->snapshot->tree, content->node));
	struct daemon *daemon = content->daemon;
	struct laters *laters = &daemon->laters;
	struct later *victim;

	while (!cache_make_room(&daemon->cache, bytes)) {
		victim = find_victim(laters);
		if (!victim && laters->bytes)
			return false;
		if (!victim)
			break;
		later_forget(victim);
	}
	full_add(later);
	later->bytes = bytes;
	laters->bytes += bytes;
	daemon->cache.used += bytes;
	return true;
}

/* At least 1: what is overdue ends by its timer. */
static uint32_t later_left_ms(const struct later *later)
{
	int64_t left = later->deadline_ms - now_ms();

	return left > 1 ? (uint32_t)left : 1;
}

/* ---- waiting for it ------------------------------------------------------------------------- */

static void later_end_hunger(struct later *later, int error)
{
	timer_stop(&later->timer);
	hungry_remove(later);
	later->hungry = false;
	if (error)
		parked_resume(&later->waiting, error);
	content_unuse(content_of(later));
}

static void later_starved(struct timer *timer)
{
	struct later *later = container_of(timer, struct later, timer);

	notice_about(&content_of(later)->daemon->notice,
		disks_subject(content_of(later)->snapshot->disks), LOG_WARNING,
		"cache-memory is too small for all that is read at once");
	later_end_hunger(later, ENOMEM);
}

static void later_wait_for_room(struct later *later)
{
	struct content_node *content = content_of(later);

	content_use(content);
	later->hungry = true;
	hungry_append(later);
	later->timer.fire = later_starved;
	loop_set_timer(&content->daemon->loop, &later->timer, later_left_ms(later));
}

static void later_start(struct content_node *content);

/* Memory came free: for whoever waits longest. The others come after it. */
static void laters_feed(struct timer *timer)
{
	struct laters *laters = container_of(timer, struct laters, feed);
	struct later *first = laters->hungry;
	struct content_node *content;

	if (!first)
		return;
	content = content_of(first);
	if (first->waiting.first && !later_take_room(first))
		return;
	content_use(content);
	later_end_hunger(first, 0);
	if (laters->hungry)
		loop_set_timer(&content->daemon->loop, timer, 0);
	if (first->bytes)
		later_start(content);
	content_unuse(content);
}

void laters_init(struct daemon *daemon)
{
	daemon->laters.feed.fire = laters_feed;
}

/* ---- asking --------------------------------------------------------------------------------- */

static void later_answered(
	struct task *task, struct inspection *inspection, int content_fd, const struct err *err)
{
	struct later *later = container_of(task, struct later, task);
	struct content_node *content = content_of(later);

	inspection_free(inspection);
	later->fd = content_fd;
	later->used_ms = now_ms();
	if (content_fd < 0) {
		notice_about(&content->daemon->notice, disks_subject(content->snapshot->disks),
			LOG_WARNING, "%s", err->text);
		later_forget(later);
	}
	parked_resume(&later->waiting, content_fd < 0 ? EIO : 0);
	content_unuse(content);
}

static enum content_slot slot_of(enum node_kind kind)
{
	switch ((int)kind) {
	case NODE_INITRD:
		return SLOT_INITRD;
	case NODE_DEVICETREE:
		return SLOT_DEVICETREE;
	case NODE_XEN:
		return SLOT_XEN;
	default:
		return SLOT_KERNEL;
	}
}

static void later_start(struct content_node *content)
{
	const struct content *what = tree_content(&content->snapshot->tree, content->node);
	struct task *task = &content->later.task;

	content_use(content);
	task->disks = content->snapshot->disks;
	task->content_entry = content->node.entry;
	task->content_slot = slot_of(content->node.kind);
	task->content_size = what->size;
	task->content_identity = what->identity;
	task->finished = later_answered;
	task_start(&content->daemon->inspector, task, later_left_ms(&content->later));
}

void later_ask(struct content_node *content)
{
	struct later *later = &content->later;

	if (later->task.state != TASK_NONE || later->hungry)
		return;
	later->deadline_ms = now_ms() + content->daemon->config->limits.timeout_ms;
	if (!content->snapshot->disks)
		parked_resume(&later->waiting, EIO);
	else if (later_take_room(later))
		later_start(content);
	else
		later_wait_for_room(later);
}

/* ---- use ------------------------------------------------------------------------------------ */

void later_begin_read(struct content_node *content)
{
	content->later.reads++;
}

void later_end_read(struct content_node *content)
{
	struct laters *laters = &content->daemon->laters;

	content->later.used_ms = now_ms();
	if (--content->later.reads == 0 && content->later.fd >= 0 && laters->hungry)
		loop_set_timer(&content->daemon->loop, &laters->feed, 0);
}

static void later_idle(struct timer *timer)
{
	later_forget(container_of(timer, struct later, timer));
}

void later_unused(struct content_node *content)
{
	if (content->later.fd < 0)
		return;
	content->later.timer.fire = later_idle;
	loop_set_timer(
		&content->daemon->loop, &content->later.timer, content->daemon->cache.idle_ms);
}

void later_used(struct content_node *content)
{
	timer_stop(&content->later.timer);
}

void later_done(struct content_node *content)
{
	timer_stop(&content->later.timer);
	task_abort(&content->later.task);
	later_forget(&content->later);
}
