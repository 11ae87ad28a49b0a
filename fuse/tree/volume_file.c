/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/volume_file.h"

#include "core/checked.h"
#include "fuse/host/daemon.h"

#include <errno.h>

/* Read ahead of what is wanted: one request of the kernel is at most 1 MiB. */
enum { RANGE_ALIGN = 4096, RANGE_BYTES = 4 << 20 };

/* The listing that told of it may go. NULL: out of memory; it is asked for then. */
static struct inspection *keep_content(const struct content *content)
{
	size_t bytes = content->count * sizeof(struct piece);
	struct inspection *answer = inspection_new(bytes + 4096);
	struct piece *pieces = answer ? arena_alloc(&answer->arena, bytes + 1) : NULL;

	if (!pieces) {
		inspection_free(answer);
		return NULL;
	}
	if (bytes)
		memcpy(pieces, content->pieces, bytes);
	answer->look.file = *content;
	answer->look.file.pieces = pieces;
	return answer;
}

struct volume_file *volume_file_new(struct volume_folder *folder, const struct look_entry *entry)
{
	struct volume_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	volume_add_path(folder, entry->name, &file->path);
	if (file->path.failed) {
		strbuf_done(&file->path);
		free(file);
		return NULL;
	}
	volume_use(folder);
	snapshot_pin(folder->snapshot);
	file->refs = 1;
	file->folder = folder;
	file->size = entry->size;
	file->identity = entry->identity;
	file->range_fd = -1;
	if (entry->file.present)
		file->answer = keep_content(&entry->file);
	return file;
}

static void range_forget(struct volume_file *file)
{
	if (file->range_fd < 0)
		return;
	close(steal_fd(&file->range_fd));
	file->folder->snapshot->cache->used -= file->range_length;
	file->range_length = 0;
}

void volume_file_unref(struct volume_file *file)
{
	if (--file->refs)
		return;
	task_abort(&file->task);
	range_forget(file);
	inspection_free(file->answer);
	strbuf_done(&file->path);
	snapshot_unpin(file->folder->snapshot);
	volume_unuse(file->folder);
	free(file);
}

/* Keeps the file until the run has finished. */
static void start(struct volume_file *file, enum question_kind kind)
{
	struct daemon *daemon = file->folder->daemon;
	struct snapshot *snapshot = file->folder->snapshot;

	if (file->path.len > MAX_PATH_BYTES || now_ms() < snapshot->hangs_until_ms) {
		parked_resume(&file->waiting, file->path.len > MAX_PATH_BYTES ? ENAMETOOLONG : EIO);
		return;
	}
	file->task.disks = snapshot->disks;
	file->task.about.kind = kind;
	file->task.about.volume = volume_name(file->folder);
	file->task.about.path = strbuf_text(&file->path);
	file->task.about.size = file->size;
	file->task.about.identity = file->identity;
	task_start(&daemon->inspector, &file->task, daemon->config->limits.timeout_ms);
}

/* Ends a run: whoever waits goes on, and may be the last who has the file. */
static void finish(struct volume_file *file, int error)
{
	file->refs++;
	parked_resume(&file->waiting, error);
	volume_file_unref(file);
}

static void placed(
	struct task *task, struct inspection *inspection, int content_fd, const struct err *err)
{
	struct volume_file *file = container_of(task, struct volume_file, task);
	int error = 0;

	(void)content_fd;
	if (inspection)
		file->answer = inspection;
	else
		error = volume_error(file->folder->daemon, file->folder->snapshot, err);
	finish(file, error);
}

void volume_file_ask(struct volume_file *file)
{
	file->task.finished = placed;
	start(file, QUESTION_FILE);
}

/* ---- bytes that must be asked for -------------------------------------------------------------- */

static void range_come(
	struct task *task, struct inspection *inspection, int content_fd, const struct err *err)
{
	struct volume_file *file = container_of(task, struct volume_file, task);
	int error = 0;

	inspection_free(inspection);
	file->range_fd = content_fd;
	if (content_fd < 0)
		error = volume_error(file->folder->daemon, file->folder->snapshot, err);
	else
		file->folder->snapshot->cache->used += file->range_length;
	finish(file, error);
}

void volume_file_ask_range(struct volume_file *file, uint64_t offset)
{
	if (file->task.state != TASK_NONE || file->reads)
		return; /* whoever waits asks again at its end */
	range_forget(file);
	file->range_at = offset - offset % RANGE_ALIGN;
	file->range_length = min_u64(RANGE_BYTES, file->size - file->range_at);
	cache_make_room(file->folder->snapshot->cache, file->range_length);
	file->task.about.range_at = file->range_at;
	file->task.about.range_length = file->range_length;
	file->task.finished = range_come;
	start(file, QUESTION_BYTES);
}

bool volume_file_has(const struct volume_file *file, uint64_t offset, uint64_t length)
{
	const struct content *content = &file->answer->look.file;
	struct window_place place = {0};

	if (file->range_fd >= 0 && offset >= file->range_at &&
		range_inside(offset - file->range_at, length, file->range_length))
		return true;
	for (window_seek(content, &place, offset);
		place.piece < content->count && place.start < offset + length; place.piece++) {
		if (content->pieces[place.piece].kind == PIECE_LATER)
			return false;
		place.start += content->pieces[place.piece].length;
	}
	return true;
}

struct window volume_file_window(const struct volume_file *file)
{
	const struct disks *disks = file->folder->snapshot->disks;

	return (struct window){
		.content = &file->answer->look.file,
		.bytes = file->answer->look.bytes,
		.disks = disks->fds,
		.n_disks = disks->n,
		.later_fd = file->range_fd,
		.later_at = file->range_at,
	};
}

void volume_file_begin_read(struct volume_file *file)
{
	file->reads++;
}

void volume_file_end_read(struct volume_file *file)
{
	if (--file->reads == 0 && file->task.state == TASK_NONE && file->waiting.first)
		finish(file, 0);
}
