/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/match.h"

#include "fuse/query/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>

struct candidate {
	uint32_t serial; /* of the domain's folder */
	const char *path;
	bool same;
};

/* A worker goes through the candidates; `at` tells where it is. Texts lie behind the struct. */
struct match_job {
	struct job job;
	struct daemon *daemon;
	struct match *match; /* NULL: given up, it hangs at `hangs` */
	struct disk_stamp stamp;
	struct arena arena;
	uint32_t n, hangs;
	_Atomic uint32_t at;
	struct candidate *candidates;
};

enum { MATCH_MEMORY = 16 << 20 };

static void match_run(struct job *job, struct scratch *scratch)
{
	struct match_job *m = container_of(job, struct match_job, job);
	struct disk_stamp stamp;

	(void)scratch;
	for (uint32_t i = 0; i < m->n; i++) {
		atomic_store(&m->at, i);
		if (disk_stamp_read(AT_FDCWD, m->candidates[i].path, &stamp) == 0)
			m->candidates[i].same = disk_is_same(&stamp, &m->stamp);
	}
	atomic_store(&m->at, m->n);
}

static void match_job_free(struct match_job *job)
{
	arena_done(&job->arena);
	free(job);
}

static struct folder *folder_of(struct daemon *daemon, uint32_t serial)
{
	struct owner *owner = owner_find(&daemon->owners, serial);

	if (!owner || owner->kind != OWNER_FOLDER)
		return NULL;
	return container_of(owner, struct folder, owner);
}

/* What the first `n` candidates turned out to be. */
static void match_count(struct match *match, const struct match_job *job, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!job->candidates[i].same)
			continue;
		match->found++;
		match->serial = job->candidates[i].serial;
	}
}

static void match_done(struct job *job)
{
	struct match_job *m = container_of(job, struct match_job, job);
	struct match *match = m->match;
	struct folder *folder;

	if (!match) {
		folder = m->hangs < m->n ? folder_of(m->daemon, m->candidates[m->hangs].serial)
					 : NULL;
		if (folder)
			folder->disk_hangs = false;
		match_job_free(m);
		return;
	}
	match_count(match, m, m->n);
	match->job = NULL;
	match_job_free(m);
	timer_stop(&match->patience);
	match->finished(match);
}

static int add_candidate(struct match_job *job, const struct folder *folder)
{
	struct text path;

	if (arena_text(&job->arena, folder->domain->disks[0].path, &path))
		return -ENOMEM;
	job->candidates[job->n++] = (struct candidate){folder->owner.serial, path.at, false};
	return 0;
}

/* A job for all domains from serial number `from` on whose disks answer. */
static struct match_job *match_job_new(
	struct match *match, uint32_t from, const struct disk_stamp *stamp)
{
	struct match_job *job = calloc(1, sizeof(*job));
	struct folder *folder;
	uint32_t n = 0;

	if (!job)
		return NULL;
	*job = (struct match_job){.daemon = match->daemon, .match = match, .stamp = *stamp};
	job->job = (struct job){.wake = true, .run = match_run, .done = match_done};
	arena_init(&job->arena, MATCH_MEMORY);
	for (folder = match->daemon->folders; folder; folder = folder->next)
		n++;
	job->candidates = arena_array(&job->arena, n + 1, sizeof(struct candidate));
	for (folder = match->daemon->folders; folder && job->candidates; folder = folder->next) {
		if (folder->owner.serial < from || !folder->domain->n_disks)
			continue;
		if (folder->domain->bare_image)
			continue; /* it knows nothing of the disk that the path does not */
		if (!folder->disk_hangs && add_candidate(job, folder))
			job->candidates = NULL;
	}
	if (job->candidates)
		return job;
	match_job_free(job);
	return NULL;
}

/* The worker hangs in one candidate: it is left alone, another goes on behind it. */
static void match_late(struct timer *timer)
{
	struct match *match = container_of(timer, struct match, patience);
	struct match_job *late = match->job, *rest;
	uint32_t at = atomic_load(&late->at);
	struct folder *folder;

	if (pool_cancel(&match->daemon->pool, &late->job)) {
		pool_submit(&match->daemon->pool, &late->job); /* it has not even begun */
		at = late->n;
	}
	if (at >= late->n) {
		loop_set_timer(&match->daemon->loop, timer, MATCH_PATIENCE_MS);
		return;
	}
	folder = folder_of(match->daemon, late->candidates[at].serial);
	if (folder)
		folder->disk_hangs = true;
	match_count(match, late, at);
	rest = match_job_new(match, late->candidates[at].serial + 1, &late->stamp);
	late->match = NULL;
	late->hangs = at;
	match->job = rest;
	if (!rest) {
		match->finished(match);
		return;
	}
	loop_set_timer(&match->daemon->loop, timer, MATCH_PATIENCE_MS);
	pool_submit(&match->daemon->pool, &rest->job);
}

int match_start(struct match *match, struct daemon *daemon, const struct disk_stamp *stamp)
{
	match->daemon = daemon;
	match->found = 0;
	match->patience.fire = match_late;
	match->job = match_job_new(match, 0, stamp);
	if (!match->job)
		return -ENOMEM;
	loop_set_timer(&daemon->loop, &match->patience, MATCH_PATIENCE_MS);
	pool_submit(&daemon->pool, &match->job->job);
	return 0;
}

void match_stop(struct match *match)
{
	struct match_job *job = match->job;

	timer_stop(&match->patience);
	match->job = NULL;
	if (!job)
		return;
	if (pool_cancel(&match->daemon->pool, &job->job)) {
		match_job_free(job);
		return;
	}
	job->match = NULL;
	job->hangs = job->n;
}
