/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/ops/open_file.h"

#include "fuse/host/daemon.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdatomic.h>

/* Whoever sets `answered` first answers: the worker, or the loop when time is over. */
struct read_job {
	struct job job;
	fuse_req_t req;
	atomic_bool answered;
	struct open_file *file; /* referenced */
	struct window window;
	struct window_place place;
	uint64_t offset;
	size_t size;
	const struct disks *unchanged; /* must be what they were; NULL: need not */
	struct timer deadline;
	int late_error;
	int result; /* the worker's: 0 or -errno */
};

/* Has a disk changed since its menu was read? Block devices cannot tell. */
static bool disks_have_changed(const struct disks *disks)
{
	for (uint32_t i = 0; i < disks->n; i++) {
		struct disk_stamp now;

		if (disks->fds[i] < 0 || !disks->disk[i].stamp.regular)
			continue;
		if (disk_stamp_read(disks->fds[i], "", &now) ||
			!disk_stamp_equal(&now, &disks->disk[i].stamp))
			return true;
	}
	return false;
}

struct snapshot *open_file_snapshot(const struct open_file *file)
{
	if (file->content)
		return file->content->snapshot;
	return file->file ? file->file->folder->snapshot : NULL;
}

static struct daemon *daemon_of(const struct open_file *file)
{
	return file->content ? file->content->daemon : file->file->folder->daemon;
}

static struct window window_of(const struct open_file *file)
{
	return file->content ? content_window(file->content) : volume_file_window(file->file);
}

static void begin_read(struct open_file *file)
{
	file->refs++;
	if (file->content)
		later_begin_read(file->content);
	else
		volume_file_begin_read(file->file);
}

static void end_read(struct open_file *file)
{
	if (file->content)
		later_end_read(file->content);
	else
		volume_file_end_read(file->file);
	open_file_unref(file);
}

/* In a worker. */
static void read_run(struct job *job, struct scratch *scratch)
{
	struct read_job *read = container_of(job, struct read_job, job);
	void *buffer = scratch_get(scratch, read->size);
	int r = -ENOMEM;

	if (buffer)
		r = window_read(&read->window, read->place, read->offset, buffer, read->size);
	/* Behind the read: what changed meanwhile counts too. */
	if (!r && read->unchanged && disks_have_changed(read->unchanged))
		r = -EIO;
	if (atomic_exchange(&read->answered, true))
		return;
	read->result = r;
	if (r)
		fuse_reply_err(read->req, -r);
	else
		fuse_reply_buf(read->req, buffer, read->size);
}

static void read_done(struct job *job)
{
	struct read_job *read = container_of(job, struct read_job, job);
	struct serving_stats *stats = &daemon_of(read->file)->stats;

	if (read->result)
		stats->read_errors++;
	else
		stats->content_bytes += read->size;
	timer_stop(&read->deadline);
	end_read(read->file);
	free(read);
}

static void read_late(struct timer *timer)
{
	struct read_job *read = container_of(timer, struct read_job, deadline);

	if (!atomic_exchange(&read->answered, true))
		fuse_reply_err(read->req, read->late_error);
	if (pool_cancel(&daemon_of(read->file)->pool, &read->job))
		read_done(&read->job);
}

static void read_interrupted(fuse_req_t req, void *data)
{
	struct read_job *read = data;

	(void)req;
	read->late_error = EINTR;
	loop_set_timer(&daemon_of(read->file)->loop, &read->deadline, INTERRUPT_GRACE_MS);
}

/* Which disk the read begins on, so that one that hangs does not take all workers. */
static uint64_t read_key(const struct read_job *read)
{
	const struct piece *piece = &read->window.content->pieces[read->place.piece];
	const struct snapshot *snapshot = open_file_snapshot(read->file);
	const struct disks *disks = snapshot ? snapshot->disks : NULL;

	if (piece->kind != PIECE_DISK || !disks || piece->disk >= disks->n)
		return 0;
	return disk_key(&disks->disk[piece->disk].stamp);
}

void read_submit(fuse_req_t req, struct open_file *file, uint64_t offset, size_t size)
{
	const struct snapshot *snapshot = open_file_snapshot(file);
	struct daemon *daemon = daemon_of(file);
	struct read_job *read = calloc(1, sizeof(*read));

	if (!read) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	begin_read(file);
	*read = (struct read_job){
		.job = {.run = read_run, .done = read_done},
		.req = req,
		.file = file,
		.window = window_of(file),
		.offset = offset,
		.size = size,
		.unchanged = snapshot->once ? snapshot->disks : NULL,
		.deadline.fire = read_late,
		.late_error = EIO,
		.result = -EIO,
	};
	window_seek(read->window.content, &file->place, offset);
	read->place = file->place;
	read->job.key = read_key(read);
	read->job.wake = read->window.later_fd >= 0; /* others may wait for its memory */
	loop_set_timer(&daemon->loop, &read->deadline, daemon->config->limits.timeout_ms);
	fuse_req_interrupt_func(req, read_interrupted, read);
	pool_submit(&daemon->pool, &read->job);
}
