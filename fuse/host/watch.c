/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/watch.h"

#include "fuse/host/daemon.h"
#include "fuse/host/reload.h"
#include "fuse/host/watch_look.h"

#include <stdalign.h>
#include <sys/inotify.h>

static void look_again(struct watch *watch);

static struct daemon *daemon_of(struct watch *watch)
{
	return container_of(watch, struct daemon, watch);
}

/* Events come in bursts: once nothing more comes, or after a while that is long enough. */
static void something_happened(struct watch *watch)
{
	int64_t now = now_ms(), left;

	if (watch->look) {
		watch->again = true;
		return;
	}
	if (!watch->first_ms)
		watch->first_ms = now;
	left = watch->first_ms + WATCH_LONGEST_MS - now;
	if (left > WATCH_SETTLE_MS)
		left = WATCH_SETTLE_MS;
	loop_set_timer(&daemon_of(watch)->loop, &watch->settle, left > 0 ? left : 0);
}

static void settled(struct timer *timer)
{
	look_again(container_of(timer, struct watch, settle));
}

static void polled(struct timer *timer)
{
	look_again(container_of(timer, struct watch, poll));
}

static void inotify_ready(struct source *source)
{
	struct watch *watch = container_of(source, struct watch, source);
	alignas(struct inotify_event) char buffer[16384];
	ssize_t n = read(source->fd, buffer, sizeof(buffer));
	const struct inotify_event *event;
	bool concerns = false;

	for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const void *)(buffer + at);
		concerns |= look_concerns(watch->last, event);
	}
	if (concerns)
		something_happened(watch);
}

/* From now on the new look's events count. */
static void take_over(struct watch *watch, struct look *look)
{
	struct daemon *daemon = daemon_of(watch);

	look_free(watch->last);
	watch->last = look;
	watch->source = (struct source){look->inotify_fd, inotify_ready};
	look->inotify_fd = -1; /* the source's */
	if (watch->source.fd >= 0 && loop_watch(&daemon->loop, &watch->source))
		look->blind = true;
	loop_set_timer(
		&daemon->loop, &watch->poll, look->blind ? WATCH_POLL_BLIND_MS : WATCH_POLL_MS);
}

static void look_done(struct job *job)
{
	struct look *look = container_of(job, struct look, job);
	struct daemon *daemon = look->daemon;
	struct watch *watch = &daemon->watch;
	bool again = watch->again;

	watch->look = NULL;
	watch->again = false;
	take_over(watch, look);
	if (!look->seen.failed && !text_equal(strbuf_text(&look->seen), daemon->config->sources))
		reload_domains(daemon); /* watch_start() comes after it */
	else if (again)
		something_happened(watch);
}

static void look_again(struct watch *watch)
{
	struct daemon *daemon = daemon_of(watch);
	struct look *look;

	if (watch->look) {
		watch->again = true;
		return;
	}
	timer_stop(&watch->settle);
	timer_stop(&watch->poll);
	watch->first_ms = 0;
	if (!daemon->config->xl_files.n && !daemon->config->images.n && !watch->last)
		return; /* no domain comes from elsewhere */
	look = look_new(daemon->config, watch->source.fd);
	if (!look) {
		loop_set_timer(&daemon->loop, &watch->poll, WATCH_POLL_BLIND_MS);
		return;
	}
	/* Nothing is lost: the look begins after the events that are dropped here. */
	if (watch->source.fd >= 0)
		loop_forget(&daemon->loop, &watch->source);
	watch->source.fd = -1;
	look->daemon = daemon;
	look->job.done = look_done;
	watch->look = look;
	pool_submit(&daemon->pool, &look->job);
}

void watch_start(struct daemon *daemon)
{
	struct watch *watch = &daemon->watch;

	if (!watch->settle.fire) {
		watch->source.fd = -1;
		watch->settle.fire = settled;
		watch->poll.fire = polled;
	}
	look_again(watch);
}
