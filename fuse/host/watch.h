/* Notices that xl's files or images came, changed or went, and has the domains read again. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"
#include "fuse/loop/loop.h"

struct daemon;
struct look;

/*
 * The folders that the patterns of xl-config and images lead through are watched by inotify. An
 * event only means: look. What is seen then decides (config/sources.h), so no event that is lost,
 * doubled or about something else does harm. Folders that cannot be watched, or that lie on
 * another host's file system, are looked at every few seconds; all are, once a minute.
 */
struct watch {
	struct source source; /* inotify; fd -1: none */
	struct timer settle;  /* after an event, until nothing more happens */
	struct timer poll;
	struct look *look; /* out with a worker; NULL: none */
	bool again;        /* something happened meanwhile */
	int64_t first_ms;  /* of the events that are not looked at yet; 0: none */
	struct look *last; /* what is being watched */
};

enum { WATCH_SETTLE_MS = 200, WATCH_LONGEST_MS = 2000 };
enum { WATCH_POLL_MS = 60000, WATCH_POLL_BLIND_MS = 5000 };

/* Looks at what daemon->config names, now and from now on; called again when that changed. */
void watch_start(struct daemon *daemon);
