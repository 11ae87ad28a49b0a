/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/transfer.h"

#include "core/checked.h"
#include "model/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/mman.h>

enum { WORKERS = 2, PIECE = 1 << 20 };

/* What the workers share; each takes the next piece that nobody has. */
struct work {
	const struct transfer *transfers;
	uint32_t n;
	_Atomic uint64_t next; /* piece, counted through all files */
	_Atomic bool failed, write_failed;
	_Atomic uint64_t *progress;
};

struct worker {
	struct work *work;
	pthread_t thread;
	struct err err; /* its own: filled once */
};

static uint64_t count_pieces(const struct transfer *transfer)
{
	return transfer->size / PIECE + (transfer->size % PIECE != 0);
}

/* The file and offset of a piece; NULL behind the last one. */
static const struct transfer *find_piece(const struct work *work, uint64_t piece, uint64_t *offset)
{
	for (uint32_t i = 0; i < work->n; i++) {
		uint64_t pieces = count_pieces(&work->transfers[i]);

		if (piece < pieces) {
			*offset = piece * PIECE;
			return &work->transfers[i];
		}
		piece -= pieces;
	}
	return NULL;
}

static int read_piece(
	const struct transfer *transfer, uint64_t offset, char *buffer, size_t len, struct err *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n =
			pread(transfer->from, buffer + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, errno, "cannot read the %s at byte %" PRIu64 ": %m",
				transfer->name, offset + done);
		if (n == 0)
			return err_set(err, EIO, "the %s ends at byte %" PRIu64 " of %" PRIu64,
				transfer->name, offset + done, transfer->size);
		done += (size_t)n;
	}
	return 0;
}

static int write_piece(const struct transfer *transfer, uint64_t offset, const char *buffer,
	size_t len, struct err *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(transfer->to, buffer + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno != EINTR)
			return err_set(
				err, errno, "cannot write the copy of the %s: %m", transfer->name);
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

static void copy_pieces(struct work *work, char *buffer, struct err *err)
{
	while (!atomic_load(&work->failed)) {
		const struct transfer *transfer;
		uint64_t offset;
		size_t len;

		transfer = find_piece(work, atomic_fetch_add(&work->next, 1), &offset);
		if (!transfer)
			return;
		len = (size_t)min_u64(PIECE, transfer->size - offset);
		if (read_piece(transfer, offset, buffer, len, err)) {
			atomic_store(&work->failed, true);
		} else if (write_piece(transfer, offset, buffer, len, err)) {
			atomic_store(&work->write_failed, true);
			atomic_store(&work->failed, true);
		}
		atomic_fetch_add(work->progress, 1);
	}
}

static void *run_worker(void *context)
{
	struct worker *worker = context;
	/* Reads around the page cache want whole pages. */
	char *buffer = mmap(NULL, PIECE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (buffer == MAP_FAILED) {
		err_set(&worker->err, ENOMEM, "out of memory");
		atomic_store(&worker->work->write_failed, true);
		atomic_store(&worker->work->failed, true);
		return NULL;
	}
	copy_pieces(worker->work, buffer, &worker->err);
	munmap(buffer, PIECE);
	return NULL;
}

int transfer_all(const struct transfer *transfers, uint32_t n, _Atomic uint64_t *progress,
	bool *write_failed, struct err *err)
{
	struct work work = {.transfers = transfers, .n = n, .progress = progress};
	struct worker workers[WORKERS] = {{.work = &work}, {.work = &work}};
	bool started;

	/* The second worker is a matter of speed only. */
	started = !pthread_create(&workers[1].thread, NULL, run_worker, &workers[1]);
	(void)run_worker(&workers[0]);
	if (started)
		pthread_join(workers[1].thread, NULL);
	*write_failed = atomic_load(&work.write_failed);
	for (int i = 0; i < WORKERS; i++) {
		if (workers[i].err.code)
			return err_set(err, workers[i].err.code, "%s", workers[i].err.text);
	}
	return 0;
}
