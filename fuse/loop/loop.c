/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/loop/loop.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>

int loop_init(struct loop *loop)
{
	*loop = (struct loop){.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	loop->timers.next = loop->timers.previous = &loop->timers;
	return loop->epoll_fd < 0 ? -errno : 0;
}

void loop_done(struct loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	loop->epoll_fd = -1;
}

int loop_watch(struct loop *loop, struct source *source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = source};

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) ? -errno : 0;
}

void loop_forget(struct loop *loop, struct source *source)
{
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
}

void timer_stop(struct timer *timer)
{
	if (!timer_is_set(timer))
		return;
	timer->next->previous = timer->previous;
	timer->previous->next = timer->next;
	timer->next = timer->previous = NULL;
}

void loop_set_timer(struct loop *loop, struct timer *timer, int64_t in_ms)
{
	struct timer *after;

	timer_stop(timer);
	after = loop->timers.previous;
	timer->at_ms = now_ms() + in_ms;
	/* Most timers run equally long: the place is near the end. */
	while (after != &loop->timers && after->at_ms > timer->at_ms)
		after = after->previous;
	timer->previous = after;
	timer->next = after->next;
	after->next->previous = timer;
	after->next = timer;
}

static int loop_wait_ms(const struct loop *loop)
{
	const struct timer *first = loop->timers.next;
	int64_t wait;

	if (first == &loop->timers)
		return -1;
	wait = first->at_ms - now_ms();
	if (wait < 0)
		return 0;
	return wait < INT_MAX ? (int)wait : INT_MAX;
}

static void loop_fire(struct loop *loop)
{
	struct timer *first = loop->timers.next;
	int64_t now;

	if (first == &loop->timers)
		return;
	now = now_ms();
	while (first != &loop->timers && first->at_ms <= now && !loop->stop) {
		timer_stop(first);
		first->fire(first);
		first = loop->timers.next;
	}
}

int loop_run(struct loop *loop)
{
	struct epoll_event event;
	int n;

	while (!loop->stop) {
		/* One at a time: what one source frees cannot be waiting in the same batch. */
		n = epoll_wait(loop->epoll_fd, &event, 1, loop_wait_ms(loop));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 1) {
			struct source *source = event.data.ptr;

			source->ready(source);
		}
		loop_fire(loop);
	}
	return 0;
}
