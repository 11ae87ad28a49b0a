/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/loop/pool.h"

#include "core/shortage.h"

#include <errno.h>
#include <sys/eventfd.h>

/* Bytes; jobs keep their data elsewhere. The sanitizers need more than we do. */
enum { WORKER_STACK = 512 * 1024 };

void *scratch_get(struct scratch *scratch, size_t size)
{
	if (size <= scratch->size)
		return scratch->at;
	free(scratch->at);
	scratch->at = malloc(size);
	scratch->size = scratch->at ? size : 0;
	return scratch->at;
}

static unsigned pool_running(const struct pool *pool, uint64_t key)
{
	unsigned n = 0;

	for (unsigned i = 0; i < POOL_MAX_THREADS; i++)
		n += pool->workers[i].job && pool->workers[i].job->key == key;
	return n;
}

/* Where the first job stands that may run now; NULL: none. */
static struct job **pool_runnable(struct pool *pool)
{
	struct job **at;

	for (at = &pool->queue; *at; at = &(*at)->next) {
		if (!(*at)->key || pool_running(pool, (*at)->key) < POOL_PER_KEY)
			return at;
	}
	return NULL;
}

static void queue_remove(struct pool *pool, struct job **at)
{
	struct job *job = *at;

	*at = job->next;
	if (!*at)
		pool->queue_end = at;
	job->next = NULL;
	pool->queued--;
}

static void pool_finish(struct pool *pool, struct job *job)
{
	job->next = NULL;
	*pool->finished_end = job;
	pool->finished_end = &job->next;
	if (job->wake)
		eventfd_write(pool->source.fd, 1);
}

/* The next job for this worker; NULL: the pool has threads enough, the worker ends. */
static struct job *worker_take(struct worker *worker)
{
	struct pool *pool = worker->pool;
	struct job **at;

	while (!(at = pool_runnable(pool))) {
		if (pool->idle >= POOL_THREADS)
			return NULL;
		pool->idle++;
		pthread_cond_wait(&pool->work, &pool->lock);
		pool->idle--;
	}
	worker->job = *at;
	queue_remove(pool, at);
	return worker->job;
}

static void *worker_main(void *argument)
{
	struct worker *worker = argument;
	struct pool *pool = worker->pool;
	struct scratch scratch = {0};
	struct job *job;

	pthread_mutex_lock(&pool->lock);
	while ((job = worker_take(worker))) {
		pthread_mutex_unlock(&pool->lock);
		job->run(job, &scratch);
		pthread_mutex_lock(&pool->lock);
		worker->job = NULL;
		pool_finish(pool, job);
	}
	pool->alive--;
	worker->alive = false;
	pthread_mutex_unlock(&pool->lock);
	free(scratch.at);
	return NULL;
}

/* With the lock held. 0 or a positive errno. */
static int pool_add_thread(struct pool *pool)
{
	struct worker *worker = pool->workers;
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	if (pool->alive >= POOL_MAX_THREADS)
		return EAGAIN;
	while (worker->alive)
		worker++;
	*worker = (struct worker){.pool = pool, .alive = true};
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, WORKER_STACK);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attributes, worker_main, worker);
	if (error)
		worker->alive = false;
	else
		pool->alive++;
	pthread_attr_destroy(&attributes);
	return error;
}

/* With the lock held: sees to it that somebody will take a job that may run. */
static void pool_provide(struct pool *pool)
{
	pthread_cond_signal(&pool->work);
	if (pool->queued <= pool->idle)
		return;
	if (pool->alive < POOL_THREADS)
		(void)pool_add_thread(pool); /* else those that run do the work */
	else if (!timer_is_set(&pool->grow))
		loop_set_timer(pool->loop, &pool->grow, POOL_PATIENCE_MS);
}

static void pool_grow(struct timer *timer)
{
	struct pool *pool = container_of(timer, struct pool, grow);

	pthread_mutex_lock(&pool->lock);
	if (pool->queued > pool->idle && pool_runnable(pool))
		(void)pool_add_thread(pool); /* else those that run do the work */
	if (pool->queue)
		loop_set_timer(pool->loop, timer, POOL_PATIENCE_MS);
	pthread_mutex_unlock(&pool->lock);
}

void pool_submit(struct pool *pool, struct job *job)
{
	job->next = NULL;
	pool->outstanding++;
	if (!timer_is_set(&pool->sweep))
		loop_set_timer(pool->loop, &pool->sweep, POOL_SWEEP_MS);
	pthread_mutex_lock(&pool->lock);
	*pool->queue_end = job;
	pool->queue_end = &job->next;
	pool->queued++;
	pool_provide(pool);
	pthread_mutex_unlock(&pool->lock);
}

bool pool_cancel(struct pool *pool, struct job *job)
{
	struct job **at;

	pthread_mutex_lock(&pool->lock);
	for (at = &pool->queue; *at && *at != job; at = &(*at)->next)
		;
	if (*at)
		queue_remove(pool, at);
	else
		job = NULL;
	pthread_mutex_unlock(&pool->lock);
	pool->outstanding -= job != NULL;
	return job != NULL;
}

void pool_collect(struct pool *pool)
{
	struct job *job, *next;

	pthread_mutex_lock(&pool->lock);
	job = pool->finished;
	pool->finished = NULL;
	pool->finished_end = &pool->finished;
	pthread_mutex_unlock(&pool->lock);
	for (; job; job = next) {
		next = job->next;
		pool->outstanding--;
		job->done(job);
	}
}

static void pool_sweep(struct timer *timer)
{
	struct pool *pool = container_of(timer, struct pool, sweep);

	pool_collect(pool);
	if (pool->outstanding && !timer_is_set(timer))
		loop_set_timer(pool->loop, timer, POOL_SWEEP_MS);
}

static void pool_ready(struct source *source)
{
	struct pool *pool = container_of(source, struct pool, source);
	eventfd_t count;

	eventfd_read(source->fd, &count);
	pool_collect(pool);
}

int pool_init(struct pool *pool, struct loop *loop)
{
	*pool = (struct pool){.loop = loop};
	pool->source = (struct source){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), pool_ready};
	if (pool->source.fd < 0)
		return -errno;
	pool->queue_end = &pool->queue;
	pool->finished_end = &pool->finished;
	pool->grow.fire = pool_grow;
	pool->sweep.fire = pool_sweep;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	return loop_watch(loop, &pool->source);
}

int pool_start(struct pool *pool, struct err *err)
{
	char why[SHORTAGE_BYTES];
	int error;

	pthread_mutex_lock(&pool->lock);
	error = pool_add_thread(pool);
	pthread_mutex_unlock(&pool->lock);
	return error ? err_set(err, error, "cannot start a thread: %s", shortage_text(error, why))
		     : 0;
}
