/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/worker.h"

#include "core/hash.h"
#include "inspect/answer/answer.h"
#include "inspect/sandbox.h"
#include "inspect/answer/nbd.h"
#include "wire/inspection.h"
#include "wire/look.h"
#include "wire/message.h"
#include "wire/question.h"

#include <errno.h>
#include <signal.h>

enum {
	MAX_QUESTION = 4 << 20,    /* bytes */
	PROGRAM_MEMORY = 24 << 20, /* address space that is not the guest's fault */
	MAX_TRIES = 6,             /* of reading a guest that writes */
};

/* ---- question and answer ------------------------------------------------------------------- */

/* Where the asker has put them. */
static void number_fds(struct question *question)
{
	int fd = WORKER_DISKS + (int)question->n_disks;

	for (uint32_t i = 0; i < question->n_disks; i++) {
		const struct image *image = question->disks[i].image;

		question->disks[i].fd = WORKER_DISKS + (int)i;
		for (uint32_t k = 0; image && k < image->n_layers; k++)
			image->layers[k].fd = fd++;
	}
}

static int read_question(struct arena *arena, struct question *ret, struct err *err)
{
	_free_ char *bytes = malloc(MAX_QUESTION);
	struct text message;
	ssize_t n;
	int r;

	if (!bytes)
		return err_set(err, ENOMEM, "no memory for the question");
	n = pread(WORKER_QUESTION, bytes, MAX_QUESTION, 0);
	if (n < 0)
		return err_set(err, errno, "reading the question: %s", strerror(errno));
	message = (struct text){bytes, (size_t)n};
	r = wire_get_question(message, arena, ret, err);
	if (r == 0)
		number_fds(ret);
	return r;
}

static int write_answer(struct text bytes, struct err *err)
{
	uint64_t at = 0;

	while (bytes.len) {
		ssize_t n = pwrite(WORKER_ANSWER, bytes.at, bytes.len, (off_t)at);

		if (n <= 0)
			return err_set(err, n < 0 ? errno : ENOSPC, "writing the answer");
		at += (uint64_t)n;
		bytes = text_skip(bytes, (size_t)n);
	}
	return 0;
}

/* A menu as bytes. *moved: the guest wrote to its disks meanwhile. *hash: of all but the log. */
static int encode_menu(const struct question *question, uint32_t gaps, struct strbuf *ret,
	bool *moved, uint64_t *hash, struct err *err)
{
	_inspection_ struct inspection *inspection = inspection_new(question->limits.memory / 2);
	_strbuf_ struct strbuf bare = {.limit = ret->limit};
	int r;

	if (!inspection)
		return err_set(err, ENOMEM, "no memory for an inspection");
	inspection->gaps = gaps;
	r = answer_menu(question, inspection, err);
	if (r == 0)
		r = wire_put_bounded(ret, inspection, err);
	*moved = inspection->moved;
	if (r < 0 || !*moved)
		return r;
	inspection->report = (struct report){0};
	wire_put_inspection(&bare, inspection);
	*hash = hash_text(HASH_START, strbuf_text(&bare));
	return 0;
}

/*
 * What was read while the guest wrote can belong to two states. It is read again until nothing
 * was written meanwhile, or until the answer is the same twice: then it held all the time.
 */
static int answer_with_menu(const struct question *question, uint32_t gaps, struct err *err)
{
	uint64_t hash = 0, last;
	bool moved = false;
	int r = 0;

	for (unsigned i = 0; i < MAX_TRIES && r == 0; i++) {
		_strbuf_ struct strbuf buf = {.limit = question_answer_size(question)};

		last = hash;
		r = encode_menu(question, gaps, &buf, &moved, &hash, err);
		if (r == 0 && (!moved || (i && hash == last)))
			return write_answer(strbuf_text(&buf), err);
	}
	return r < 0 ? r
		     : err_set(err, EAGAIN,
			       "the guest writes to its disk, which was read %d times and never "
			       "twice the same: try again",
			       MAX_TRIES);
}

static int answer_with_look(const struct question *question, struct err *err)
{
	_inspection_ struct inspection *inspection = inspection_new(question->limits.memory / 2);
	_strbuf_ struct strbuf buf = {.limit = question_answer_size(question)};
	bool folder = question->kind == QUESTION_FOLDER;
	int r;

	if (!inspection)
		return err_set(err, ENOMEM, "no memory for an inspection");
	r = folder ? answer_folder(question, inspection, err)
		   : answer_file(question, inspection, err);
	if (r < 0)
		return r;
	if (folder)
		wire_put_folder(&buf, &inspection->look);
	else
		wire_put_file(&buf, &inspection->look);
	if (buf.failed)
		return err_set(err, -buf.failed, "too much for an answer");
	return write_answer(strbuf_text(&buf), err);
}

static int answer_with_content(const struct question *question, struct err *err)
{
	_strbuf_ struct strbuf buf = {0};
	int r = question->kind == QUESTION_BYTES ? answer_bytes(question, WORKER_CONTENT, err)
						 : answer_content(question, WORKER_CONTENT, err);

	wire_put_done(&buf);
	return r < 0 ? r : write_answer(strbuf_text(&buf), err);
}

int worker_answer(const struct served_ops *served, uint32_t gaps, struct err *err)
{
	_arena_ struct arena arena = {.limit = 2 * (size_t)MAX_QUESTION};
	struct question question = {0};
	int r = read_question(&arena, &question, err);

	if (r < 0)
		return r;
	question.served = served;
	switch (question.kind) {
	case QUESTION_CONTENT:
	case QUESTION_BYTES:
		return answer_with_content(&question, err);
	case QUESTION_FOLDER:
	case QUESTION_FILE:
		return answer_with_look(&question, err);
	case QUESTION_MENU:
	case QUESTION_CONFIG:
	default:
		return answer_with_menu(&question, gaps, err);
	}
}

static int compare_bytes(const void *a, const void *b)
{
	return *(const char *)a - *(const char *)b;
}

/*
 * What the sandbox forbids the C library does once: random bytes at the first allocation, the
 * size of the machine's memory at the first sorting of more than a kilobyte.
 */
static void prepare_library(void)
{
	char many[2048] = {0};
	void *volatile first = malloc(1);

	free(first);
	qsort(many, sizeof(many), 1, compare_bytes);
}

int worker_enter(
	const char *order_string, const struct served_ops *served, uint32_t *gaps, struct err *err)
{
	struct sandbox_settings sandbox;
	struct worker_order order;
	sigset_t none;

	*gaps = 0;
	if (!worker_order_parse(order_string, &order))
		return err_set(err, EINVAL, "this is for bootfs itself");
	prepare_library();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sandbox = (struct sandbox_settings){
		.uid = order.uid,
		.gid = order.gid,
		.memory = order.memory + PROGRAM_MEMORY,
		.cpu_seconds = order.cpu_seconds,
		.private_root = order.private_root,
		.keep_fds = WORKER_DISKS + (int)order.disks,
		.parent_fd = WORKER_PARENT,
		.write_fds = {WORKER_ANSWER, WORKER_CONTENT, STDOUT_FILENO, STDERR_FILENO},
	};
	if (served) {
		sandbox.memory += served->memory;
		sandbox.more_fds = MAX_DISKS;
		sandbox.more_calls = served->calls;
		sandbox.n_more_calls = served->n_calls;
	}
	return sandbox_enter(&sandbox, gaps, err);
}

int worker_run(const char *order, const struct served_ops *served)
{
	_strbuf_ struct strbuf failure = {0};
	struct err err = {0}, ignored = {0};
	uint32_t gaps;
	int r = worker_enter(order, served, &gaps, &err);

	if (r == 0)
		r = worker_answer(served, gaps, &err);
	if (r == 0)
		return 0;
	wire_put_failure(&failure, &err);
	return write_answer(strbuf_text(&failure), &ignored) < 0 ? 2 : 0;
}
