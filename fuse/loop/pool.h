/* A few threads for what may wait: opening disks and reading them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "fuse/loop/loop.h"

#include <pthread.h>

/*
 * POOL_THREADS work at a time. Threads that hang on a disk that does not answer are made up for
 * by others after POOL_PATIENCE_MS, up to POOL_MAX_THREADS, so that one disk never stops another.
 */
enum { POOL_THREADS = 2, POOL_MAX_THREADS = 256, POOL_PER_KEY = 2, POOL_PATIENCE_MS = 50 };

/* Jobs without `wake` are collected at the latest so long after their end. */
enum { POOL_SWEEP_MS = 100 };

/* A worker's own memory, kept from job to job. */
struct scratch {
	char *at;
	size_t size;
};

/* Room for `size` bytes; NULL: out of memory. Contents are not kept. */
void *scratch_get(struct scratch *scratch, size_t size) MUST_CHECK;

/* One piece of work; part of whatever owns it. */
struct job {
	struct job *next;
	uint64_t key; /* the disk: at most POOL_PER_KEY jobs of one key run at once; 0: none */
	bool wake;    /* done() is wanted at once; else a wake-up is saved */
	void (*run)(struct job *job, struct scratch *scratch); /* in a worker */
	void (*done)(struct job *job); /* later, in the loop's thread; may free the job */
};

struct worker {
	struct pool *pool;
	struct job *job; /* what it is doing; NULL: nothing */
	bool alive;
};

/* `lock` guards everything but what is the loop's; no other lock is taken under it. */
struct pool {
	struct loop *loop;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct job *queue, **queue_end;
	struct job *finished, **finished_end;
	struct worker workers[POOL_MAX_THREADS];
	unsigned queued, alive, idle; /* idle ones may have been woken already */
	struct source source;         /* eventfd: a job with `wake` finished */
	struct timer grow;
	uint32_t outstanding; /* not collected yet; the loop's own */
	struct timer sweep;   /* collects what nobody was woken for */
};

/* -errno. */
int pool_init(struct pool *pool, struct loop *loop) MUST_CHECK;

/*
 * Starts the first thread, with the rights and the signal mask that the caller has; the others
 * start when there are jobs for them. One that cannot be started now would be missed only then.
 */
int pool_start(struct pool *pool, struct err *err) MUST_CHECK;

/* From the loop's thread only. */
void pool_submit(struct pool *pool, struct job *job);

/* Takes back a job that no worker has begun; false: it runs or is finished. */
bool pool_cancel(struct pool *pool, struct job *job) MUST_CHECK;

/* Calls done() of every finished job. */
void pool_collect(struct pool *pool);
