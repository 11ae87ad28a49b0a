/* The one event loop: descriptors that became readable, and timers. One thread, no locks. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"
#include "core/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The struct of `type` whose `member` this is. */
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* A descriptor to wait for; part of whatever owns it. ready() may free that. */
struct source {
	int fd;
	void (*ready)(struct source *source);
};

/* Fires once. A zeroed struct is a timer that is not set. */
struct timer {
	struct timer *next, *previous;
	int64_t at_ms;
	void (*fire)(struct timer *timer);
};

struct loop {
	int epoll_fd;
	bool stop;           /* loop_run() returns */
	struct timer timers; /* head of a ring, the earliest first */
};

/* -errno. */
int loop_init(struct loop *loop) MUST_CHECK;
void loop_done(struct loop *loop);

/* Waits for source->fd to become readable (or to end) until loop_forget(). -errno. */
int loop_watch(struct loop *loop, struct source *source) MUST_CHECK;
void loop_forget(struct loop *loop, struct source *source);

/* Sets the timer, anew where it was set. timer->fire must stand. */
void loop_set_timer(struct loop *loop, struct timer *timer, int64_t in_ms);
void timer_stop(struct timer *timer);

static inline bool timer_is_set(const struct timer *timer)
{
	return timer->next != NULL;
}

/* Serves one thing after the other until loop->stop. -errno where waiting failed. */
int loop_run(struct loop *loop) MUST_CHECK;
