/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/opening.h"

#include "fuse/query/folder.h"
#include "fuse/query/folder_steps.h"

#include <errno.h>

struct opening {
	struct job job;
	struct daemon *daemon;
	struct folder *folder; /* NULL: abandoned */
	uint32_t serial;       /* the folder's: it may be gone by then */
	struct disks *disks;
};

static void opening_run(struct job *job, struct scratch *scratch)
{
	(void)scratch;
	disks_open(container_of(job, struct opening, job)->disks);
}

static void opening_end(struct opening *opening)
{
	disks_free(opening->disks);
	free(opening);
}

/* The worker came back after all. */
static void opening_unstick(struct opening *opening)
{
	struct owner *owner = owner_find(&opening->daemon->owners, opening->serial);

	if (owner && owner->kind == OWNER_FOLDER)
		container_of(owner, struct folder, owner)->stuck = false;
	opening_end(opening);
}

static void opening_done(struct job *job)
{
	struct opening *opening = container_of(job, struct opening, job);
	struct folder *folder = opening->folder;
	struct disks *disks = opening->disks;

	if (!folder) {
		opening_unstick(opening);
		return;
	}
	folder->opening = NULL;
	free(opening);
	folder_opened(folder, disks);
}

int opening_start(struct folder *folder, struct disks *disks)
{
	struct opening *opening = calloc(1, sizeof(*opening));

	if (!opening) {
		disks_free(disks);
		return -ENOMEM;
	}
	*opening = (struct opening){
		.job = {.wake = true, .run = opening_run, .done = opening_done},
		.daemon = folder->daemon,
		.folder = folder,
		.serial = folder->owner.serial,
		.disks = disks,
	};
	folder->opening = opening;
	pool_submit(&folder->daemon->pool, &opening->job);
	return 0;
}

void opening_abandon(struct folder *folder)
{
	struct opening *opening = folder->opening;

	folder->opening = NULL;
	if (!opening)
		return;
	if (pool_cancel(&folder->daemon->pool, &opening->job)) {
		opening_end(opening);
		return;
	}
	opening->folder = NULL;
	folder->stuck = true;
}
