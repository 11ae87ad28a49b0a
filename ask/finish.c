/* Reads the answer of a dead inspector; gives up on one that is late. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask/ask.h"

#include "ask/own.h"
#include "core/clock.h"
#include "core/shortage.h"
#include "core/signal_name.h"
#include "wire/inspection.h"
#include "wire/look.h"
#include "wire/message.h"
#include "wire/question.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* ---- the child's end ------------------------------------------------------------------------ */

static int check_exit(const siginfo_t *info, struct err *err)
{
	enum { NOT_EXECUTED = 127 };
	char name[SIGNAL_NAME_BYTES], why[SHORTAGE_BYTES];

	if (info->si_code == CLD_EXITED && info->si_status == 0)
		return 0;
	if (info->si_code == CLD_EXITED && info->si_status == NOT_EXECUTED)
		return err_set(err, ECHILD,
			"inspector did not start: a library of it is missing, or: %s",
			shortage_text(ENOMEM, why));
	if (info->si_code == CLD_EXITED)
		return err_set(
			err, ECHILD, "inspector failed with exit status %d", info->si_status);
	if (info->si_status == SIGXCPU)
		return err_set(err, ECHILD, "inspector killed: too much processor time");
	return err_set(err, ECHILD, "inspector killed by %s", signal_name(info->si_status, name));
}

static int reap(struct ask *ask, struct err *err)
{
	siginfo_t info = {0};

	while (waitid(P_PID, (id_t)ask->pid, &info, WEXITED) < 0) {
		if (errno != EINTR)
			return err_set(err, errno, "inspector: %s", strerror(errno));
	}
	return check_exit(&info, err);
}

/* ---- the answer ----------------------------------------------------------------------------- */

struct mapping {
	void *at;
	size_t length;
};

static void mapping_done(struct mapping *mapping)
{
	if (mapping->at)
		munmap(mapping->at, mapping->length);
}

/* The message in the answer memfd. Nobody writes it any more, and it cannot shrink. */
static int map_answer(const struct ask *ask, struct mapping *map, struct text *ret, struct err *err)
{
	char head[WIRE_HEAD];
	uint64_t length;
	void *at;
	int r;

	if (pread(ask->answer_fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return err_set(err, EPROTO, "answer: cannot be read");
	r = wire_length((struct text){head, sizeof(head)}, ask->answer_size, &length, err);
	if (r < 0)
		return r;
	at = mmap(NULL, length, PROT_READ, MAP_SHARED, ask->answer_fd, 0);
	if (at == MAP_FAILED)
		return err_set(err, errno, "answer: %s", strerror(errno));
	*map = (struct mapping){at, length};
	*ret = (struct text){at, length};
	return 0;
}

/* What we know better than the child. */
static int fill_disks(
	struct inspection *inspection, const struct question *question, struct err *err)
{
	for (uint32_t i = 0; i < inspection->n_disks; i++) {
		struct inspection_disk *disk = &inspection->disks[i];
		const struct question_disk *asked = &question->disks[i];

		if (arena_text(&inspection->arena, asked->path, &disk->path) < 0)
			return err_set(err, ENOMEM, "no memory for an answer");
		disk->size = asked->image ? disk->size : asked->size;
		disk->device = asked->device;
		disk->file_device = asked->file_device;
		disk->inode = asked->inode;
	}
	return 0;
}

static int decode_inspection(
	const struct ask *ask, struct text bytes, struct inspection *ret, struct err *err)
{
	_arena_ struct arena arena = {.limit = 2 * ask->question_length + 4096};
	struct text sent = {ask->question, ask->question_length};
	uint64_t sizes[MAX_DISKS];
	struct question question;
	int r = wire_get_question(sent, &arena, &question, err);

	if (r < 0)
		return r;
	if (ask->kind == QUESTION_FOLDER || ask->kind == QUESTION_FILE)
		return wire_get_look(bytes, &question, ret, err);
	for (uint32_t i = 0; i < question.n_disks; i++)
		sizes[i] = question.disks[i].image ? 0 : question.disks[i].size;
	r = wire_get_inspection(bytes, sizes, question.n_disks, ret, err);
	return r < 0 ? r : fill_disks(ret, &question, err);
}

/* "PATH: NBD server: connection reset" becomes "PATH: why". */
static int explain(struct arena *arena, struct text path, struct text why, struct text *text)
{
	if (!text_starts(*text, path) ||
		!text_starts(text_skip(*text, path.len), TEXT(": " NBD_SERVER ": ")))
		return 0;
	return arena_printf(arena, text, "%.*s: %.*s", TEXT_ARG(path), TEXT_ARG(why));
}

/* The inspector knows only that nobody answered; who should have may have said why. */
static int explain_disk(
	const struct ask *ask, struct inspection *inspection, uint32_t i, struct err *err)
{
	_strbuf_ struct strbuf why = {0};
	struct text path = inspection->disks[i].path;
	int r;

	servers_complaint(&ask->servers, i, &why);
	if (!why.len)
		return 0;
	r = explain(&inspection->arena, path, strbuf_text(&why), &inspection->error);
	for (struct report_line *line = inspection->report.first; line && r == 0; line = line->next)
		r = explain(&inspection->arena, path, strbuf_text(&why), &line->text);
	return r < 0 ? err_set(err, ENOMEM, "no memory for an answer") : 0;
}

static int explain_all(const struct ask *ask, struct inspection *inspection, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < inspection->n_disks && r == 0 && ask->servers.n; i++)
		r = explain_disk(ask, inspection, i, err);
	return r;
}

static int take_inspection(
	const struct ask *ask, struct text bytes, struct inspection **ret, struct err *err)
{
	struct inspection *inspection = inspection_new(ask->limits.memory);
	int r;

	if (!inspection)
		return err_set(err, ENOMEM, "no memory for an inspection");
	r = decode_inspection(ask, bytes, inspection, err);
	if (r == 0)
		r = explain_all(ask, inspection, err);
	if (r < 0)
		inspection_free(inspection);
	else
		*ret = inspection;
	return r;
}

static int take_content(struct ask *ask, struct text bytes, int *ret, struct err *err)
{
	int r = wire_get_done(bytes, err);

	if (r < 0)
		return r;
	if (fcntl(ask->content_fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return err_set(err, errno, "content: %s", strerror(errno));
	*ret = steal_fd(&ask->content_fd);
	return 0;
}

static int take_answer(struct ask *ask, struct inspection **ret, int *ret_content, struct err *err)
{
	CLEANUP(mapping_done) struct mapping map = {0};
	struct text bytes = {0};
	int r = map_answer(ask, &map, &bytes, err);

	if (r == 0 && ask->content_fd >= 0)
		r = take_content(ask, bytes, ret_content, err);
	else if (r == 0)
		r = take_inspection(ask, bytes, ret, err);
	return r == -EPROTO ? err_prefix(err, "inspector's answer refused") : r;
}

int ask_finish(struct ask *ask, struct inspection **ret, int *ret_content, struct err *err)
{
	int r = reap(ask, err);

	if (r == 0)
		r = take_answer(ask, ret, ret_content, err);
	ask_done(ask);
	return r == -ENOMEM ? shortage_explain(err) : r; /* its memory may be bounded by ours */
}

/* ---- giving up, waiting --------------------------------------------------------------------- */

void ask_kill(struct ask *ask)
{
	kill(ask->pid, SIGKILL); /* it is not reaped: the number is still its own */
	servers_kill(&ask->servers);
}

int ask_abort(struct ask *ask)
{
	enum { DIES_WITHIN_MS = 50 };
	struct pollfd dead = {.fd = ask->pidfd, .events = POLLIN};
	siginfo_t info;

	if (ask->pidfd < 0)
		return 0;
	ask_kill(ask);
	if (poll(&dead, 1, DIES_WITHIN_MS) == 0) {
		int pidfd = steal_fd(&ask->pidfd);
		pid_t pid = ask->pid;

		ask_done(ask);
		ask->pid = pid;
		ask->pidfd = pidfd;
		return -EAGAIN;
	}
	(void)waitid(P_PID, (id_t)ask->pid, &info, WEXITED);
	ask_done(ask);
	return 0;
}

/* They are killed; whoever asks by hand sees none of them afterwards, unless its disk hangs. */
static void await_servers(struct servers *servers)
{
	int64_t end = now_ms() + 1000;

	while (!servers_reap(servers) && now_ms() < end)
		poll(NULL, 0, 1);
}

int ask_and_wait(const struct ask_settings *settings, const struct question *question,
	struct inspection **ret, int *ret_content, struct err *err)
{
	int64_t deadline = now_ms() + question->limits.timeout_ms, left;
	struct ask ask;
	int r = ask_start(settings, question, &ask, err);

	if (r < 0)
		return r;
	while ((left = deadline - now_ms()) > 0) {
		struct pollfd dead = {.fd = ask.pidfd, .events = POLLIN};

		if (poll(&dead, 1, left < INT32_MAX ? (int)left : INT32_MAX) > 0) {
			r = ask_finish(&ask, ret, ret_content, err);
			await_servers(&ask.servers);
			return r;
		}
	}
	ask_abort(&ask);
	await_servers(&ask.servers);
	return err_set(err, ETIMEDOUT, "inspector gave no answer within %u.%u s (inspect-timeout)",
		question->limits.timeout_ms / 1000, question->limits.timeout_ms % 1000 / 100);
}
