/* One look at the sources of domains, in a worker: folders watched first, then what is there. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"
#include "core/strbuf.h"
#include "fuse/loop/pool.h"

/* A folder that a pattern leads through, and which names in it matter. */
struct watched {
	int id;           /* inotify's */
	struct text name; /* a component of the pattern */
};

struct look {
	struct job job;
	struct daemon *daemon;
	struct arena arena; /* of the patterns and the watched folders */
	struct patterns xl_files, images;
	int inotify_fd, old_fd; /* new; of the look before, closed by this one; -1: none */
	bool blind;             /* not all that may happen will be told */
	struct watched *watched;
	uint32_t n_watched;
	struct strbuf seen; /* sources_describe() */
};

/* NULL: out of memory. Takes over `old_fd`. */
struct look *look_new(const struct config *config, int old_fd) MUST_CHECK;
void look_free(struct look *look);

/* What the worker does. */
void look_run(struct job *job, struct scratch *scratch);

/* Is the event about a name that matters, or does it say that events were lost? */
struct inotify_event;
bool look_concerns(const struct look *look, const struct inotify_event *event);
