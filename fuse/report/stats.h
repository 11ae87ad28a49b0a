/* What the daemon counts, and /bootfs/.stats: Prometheus' text form. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"

#include <stdint.h>

struct daemon;

/* Why a question had no answer. */
enum failure {
	FAILURE_DISK,    /* none of the disks could be opened */
	FAILURE_START,   /* no inspector could be started */
	FAILURE_TIMEOUT, /* no answer in time */
	FAILURE_DIED,    /* the inspector crashed, or was killed by its limits */
	FAILURE_REFUSED, /* its answer breaks the rules of answers */
	FAILURE_SAID,    /* it said itself why there is none */
};
#define FAILURES (FAILURE_SAID + 1)

/* Buckets of the histogram of durations, without +Inf. */
enum { DURATION_BUCKETS = 12 };

struct inspection_stats {
	uint64_t menus, contents, volumes; /* questions that ended, by kind */
	uint64_t failures[FAILURES];
	uint64_t buckets[DURATION_BUCKETS + 1]; /* each its own; the sums are made when shown */
	uint64_t sum_us, max_us;
};

struct serving_stats {
	uint64_t hits;     /* a folder was looked into, and what is known of it was fresh */
	uint64_t rechecks; /* it was not, but its disks are unchanged */
	uint64_t text_bytes, content_bytes, read_errors;
};

/* A question that an inspector worked at has ended. code: its error's; 0: it was answered. */
void stats_add_inspection(struct inspection_stats *stats, uint64_t took_us, int code);

/* The whole text. Starts nothing, and touches no disk. */
void stats_render(const struct daemon *daemon, struct strbuf *out);
