/* The question for a folder of a volume. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/volume.h"

#include "fuse/host/daemon.h"

#include <errno.h>

/* A question about a folder that is out with an inspector. */
struct volume_ask {
	struct task task;
	struct volume_folder *folder; /* used; its snapshot is pinned */
	struct strbuf path;
};

/* What the guest's own state explains, and nobody else must be told. */
static bool is_expected(int error)
{
	return error == ESTALE || error == ENAMETOOLONG;
}

int volume_error(struct daemon *daemon, struct snapshot *snapshot, const struct err *err)
{
	if (err->code == ETIMEDOUT)
		snapshot->hangs_until_ms = now_ms() + daemon->config->limits.timeout_ms;
	if (is_expected(err->code))
		return err->code;
	notice_about(&daemon->notice, disks_subject(snapshot->disks), LOG_WARNING, "%s", err->text);
	return err->code == EFBIG || err->code == ENOMEM ? err->code : EIO;
}

static void tell_skipped(const struct volume_ask *ask, const struct volume_look *look)
{
	struct snapshot *snapshot = ask->folder->snapshot;

	if (!look->skipped || snapshot->told_skipped)
		return;
	snapshot->told_skipped = true;
	notice_about(&ask->folder->daemon->notice, disks_subject(snapshot->disks), LOG_INFO,
		"(%.*s)/%.*s: %u names are not shown: control bytes, too long, or damaged; others "
		"may follow",
		TEXT_ARG(ask->task.about.volume), TEXT_ARG(ask->task.about.path), look->skipped);
}

static void volume_ask_free(struct volume_ask *ask)
{
	struct volume_folder *folder = ask->folder;

	task_abort(&ask->task);
	strbuf_done(&ask->path);
	free(ask);
	snapshot_unpin(folder->snapshot);
	volume_unuse(folder);
}

static void volume_answered(
	struct task *task, struct inspection *inspection, int content_fd, const struct err *err)
{
	struct volume_ask *ask = container_of(task, struct volume_ask, task);
	struct volume_folder *folder = ask->folder;
	int error;

	if (content_fd >= 0)
		close(content_fd);
	if (inspection) {
		tell_skipped(ask, &inspection->look);
		error = volume_take(folder, inspection);
	} else {
		error = volume_error(folder->daemon, folder->snapshot, err);
		folder->stale |= error == ESTALE;
	}
	folder->asking = NULL;
	parked_resume(&folder->waiting, error);
	volume_ask_free(ask);
}

static int volume_start(struct volume_folder *folder)
{
	struct snapshot *snapshot = folder->snapshot;
	uint32_t timeout_ms = folder->daemon->config->limits.timeout_ms;
	struct volume_ask *ask;

	if (folder->path_len > MAX_PATH_BYTES)
		return ENAMETOOLONG;
	if (now_ms() < snapshot->hangs_until_ms)
		return EIO;
	ask = calloc(1, sizeof(*ask));
	if (!ask)
		return ENOMEM;
	volume_add_path(folder, TEXT(""), &ask->path);
	if (ask->path.failed) {
		strbuf_done(&ask->path);
		free(ask);
		return ENOMEM;
	}
	volume_use(folder);
	snapshot_pin(snapshot);
	snapshot->looked_into = true;
	ask->folder = folder;
	ask->task.disks = snapshot->disks;
	ask->task.about.kind = QUESTION_FOLDER;
	ask->task.about.volume = volume_name(folder);
	ask->task.about.path = strbuf_text(&ask->path);
	ask->task.finished = volume_answered;
	folder->asking = ask;
	task_start(&folder->daemon->inspector, &ask->task, timeout_ms);
	return 0;
}

void volume_ask(struct volume_folder *folder)
{
	int error = folder->asking ? 0 : volume_start(folder);

	if (error)
		parked_resume(&folder->waiting, error);
}
