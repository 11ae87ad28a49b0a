/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/ops/shrink.h"

#include "core/kernel.h"
#include "core/statx.h"

#include <fcntl.h>
#include <sys/mount.h>

static bool is_ours(int folder_fd, const struct mount *mount)
{
	struct statx stat;

	return statx(folder_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stat) == 0 &&
	       (stat.stx_mask & STATX_MNT_ID) && stat.stx_mnt_id == mount->here.id;
}

/* In a worker: the way to the mount point may lead over a disk that does not answer. */
static void shrink_run(struct job *job, struct scratch *scratch)
{
	const struct mount *mount = container_of(job, struct shrink, job)->mount;
	_close_ int folder = open(mount->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_close_ int fs = -1;

	(void)scratch;
	if (folder < 0 || !is_ours(folder, mount))
		return;
	fs = kernel_fspick(folder);
	if (fs < 0 || kernel_fs_reconfigure(fs) < 0)
		return; /* an old kernel forgets when it needs the memory */
}

static void shrink_done(struct job *job)
{
	struct shrink *shrink = container_of(job, struct shrink, job);

	loop_set_timer(shrink->pool->loop, &shrink->pause, SHRINK_PAUSE_MS);
}

static void shrink_rest(struct timer *timer)
{
	struct shrink *shrink = container_of(timer, struct shrink, pause);
	uint32_t twice = 2 * shrink->owners->count;

	shrink->more_than = twice > SHRINK_LEAST ? twice : SHRINK_LEAST;
	shrink->busy = false;
}

void shrink_init(struct shrink *shrink, struct pool *pool, const struct owners *owners,
	const struct mount *mount)
{
	*shrink = (struct shrink){
		.pool = pool,
		.owners = owners,
		.mount = mount,
		.more_than = SHRINK_LEAST,
		.job = {.wake = true, .run = shrink_run, .done = shrink_done},
		.pause = {.fire = shrink_rest},
	};
}

void shrink_if_many(struct shrink *shrink)
{
	if (!shrink->pool || shrink->busy || shrink->owners->count <= shrink->more_than)
		return;
	shrink->busy = true;
	pool_submit(shrink->pool, &shrink->job);
}
