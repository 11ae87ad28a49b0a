/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask/ask.h"

#include "ask/own.h"
#include "ask/spawn.h"
#include "core/kernel.h"
#include "core/shortage.h"
#include "wire/question.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* ---- memory that the child is given --------------------------------------------------------- */

int ask_make_memory(const char *name, uint64_t size, int more_seals)
{
	_close_ int fd = kernel_memory_file(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0 ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | more_seals) < 0)
		return -1;
	return steal_fd(&fd);
}

/* The question in a memfd that nobody can change any more. */
static int make_question(struct text bytes)
{
	_close_ int fd = ask_make_memory("bootfs-question", bytes.len, 0);

	if (fd < 0 || pwrite(fd, bytes.at, bytes.len, 0) != (ssize_t)bytes.len ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -1;
	return steal_fd(&fd);
}

/*
 * The disk under a new open file description: with ours the child could move our offset and
 * change our flags. It is the same file: a descriptor, not a path, is opened again.
 */
int ask_reopen_disk(int fd)
{
	char path[40];
	struct stat ours, theirs;
	_close_ int again = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again < 0 || fstat(fd, &ours) < 0 || fstat(again, &theirs) < 0)
		return -1;
	if (ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino ||
		ours.st_rdev != theirs.st_rdev) {
		errno = ESTALE;
		return -1;
	}
	return steal_fd(&again);
}

/* ---- start ---------------------------------------------------------------------------------- */

void ask_done(struct ask *ask)
{
	cleanup_close(&ask->pidfd);
	cleanup_close(&ask->answer_fd);
	cleanup_close(&ask->content_fd);
	cleanup_close(&ask->life_fd);
	/* A password may be in it. */
	if (ask->question)
		explicit_bzero(ask->question, ask->question_length);
	free(ask->question);
	servers_forget_logs(&ask->servers);
	servers_kill(&ask->servers);
	servers_reap(&ask->servers);
	*ask = (struct ask){
		.pidfd = -1,
		.answer_fd = -1,
		.content_fd = -1,
		.life_fd = -1,
		.servers = ask->servers,
	};
}

/* Everything that the asker keeps. */
static int ask_prepare(struct ask *ask, const struct question *question, struct err *err)
{
	char why[SHORTAGE_BYTES];
	_strbuf_ struct strbuf bytes = {0};

	*ask = (struct ask){
		.kind = question->kind,
		.pidfd = -1,
		.answer_fd = -1,
		.content_fd = -1,
		.life_fd = -1,
		.answer_size = question_answer_size(question),
		.limits = question->limits,
	};
	wire_put_question(&bytes, question);
	ask->question_length = bytes.len;
	ask->question = strbuf_steal(&bytes);
	if (!ask->question)
		return err_set(err, ENOMEM, "no memory for a question");
	ask->answer_fd = ask_make_memory("bootfs-answer", ask->answer_size, 0);
	if (ask->answer_fd >= 0 && question_memory(question))
		ask->content_fd = ask_make_memory("bootfs-content", question_memory(question), 0);
	if (ask->answer_fd < 0 || (question_memory(question) && ask->content_fd < 0))
		return err_set(
			err, errno, "no memory for an answer: %s", shortage_text(errno, why));
	return 0;
}

/* What only the child needs: closed here as soon as it runs. */
struct child_fds {
	int null, question, life;
	int disks[MAX_DISKS + MAX_LAYERS]; /* the disks, then the layers of images */
	uint32_t n_disks;
};

static void child_fds_done(struct child_fds *fds)
{
	cleanup_close(&fds->null);
	cleanup_close(&fds->question);
	cleanup_close(&fds->life);
	for (uint32_t i = 0; i < fds->n_disks; i++)
		cleanup_close(&fds->disks[i]);
}

/* The child's own descriptor of a disk; nothing to read where there is none. */
static int child_disk(const struct ask_settings *settings, int fd, int null)
{
	if (fd >= 0 && !settings->reopened)
		return ask_reopen_disk(fd);
	return fcntl(fd >= 0 ? fd : null, F_DUPFD_CLOEXEC, 0);
}

static int add_disk(const struct ask_settings *settings, struct child_fds *fds, int fd,
	struct text path, struct err *err)
{
	char why[SHORTAGE_BYTES];

	if (fds->n_disks == ARRAY_SIZE(fds->disks))
		return err_set(err, E2BIG, "more than %d images", MAX_LAYERS);
	fds->disks[fds->n_disks] = child_disk(settings, fd, fds->null);
	if (fds->disks[fds->n_disks] < 0)
		return err_set(err, errno, "%.*s: cannot be opened again: %s", TEXT_ARG(path),
			shortage_text(errno, why));
	fds->n_disks++;
	return 0;
}

/* What the inspector reads the headers of. */
static int add_layers(const struct ask_settings *settings, struct child_fds *fds,
	const struct image *image, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; image && i < image->n_layers && r == 0; i++)
		r = add_disk(settings, fds, image->layers[i].fd, image->layers[i].path, err);
	return r;
}

static int child_disks_open(const struct ask_settings *settings, struct child_fds *fds,
	struct ask *ask, const struct question *question, struct err *err)
{
	int sockets[MAX_DISKS];
	int r = servers_start(settings, question, fds->life, &ask->servers, sockets, err);

	for (uint32_t i = 0; i < question->n_disks; i++) {
		const struct question_disk *disk = &question->disks[i];

		if (r == 0 && sockets[i] < 0)
			r = add_disk(settings, fds, disk->fd, disk->path, err);
		else if (r == 0)
			fds->disks[fds->n_disks++] = sockets[i];
		else
			cleanup_close(&sockets[i]);
	}
	for (uint32_t i = 0; i < question->n_disks && r == 0; i++)
		r = add_layers(settings, fds, question->disks[i].image, err);
	return r;
}

static int child_fds_open(const struct ask_settings *settings, struct child_fds *fds,
	struct ask *ask, const struct question *question, struct err *err)
{
	char why[SHORTAGE_BYTES];
	int pair[2];

	fds->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds->question = make_question((struct text){ask->question, ask->question_length});
	if (fds->null < 0 || fds->question < 0 ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(
			err, errno, "cannot start an inspector: %s", shortage_text(errno, why));
	ask->life_fd = pair[0];
	fds->life = pair[1];
	return child_disks_open(settings, fds, ask, question, err);
}

static void place_child_fds(struct spawn *spawn, const struct ask *ask, const struct child_fds *fds)
{
	spawn->n_fds = WORKER_DISKS + fds->n_disks;
	for (int i = WORKER_NULL; i < WORKER_QUESTION; i++)
		spawn->fds[i] = fds->null;
	spawn->fds[WORKER_QUESTION] = fds->question;
	spawn->fds[WORKER_ANSWER] = ask->answer_fd;
	spawn->fds[WORKER_PARENT] = fds->life;
	spawn->fds[WORKER_CONTENT] = ask->content_fd >= 0 ? ask->content_fd : fds->null;
	for (uint32_t i = 0; i < fds->n_disks; i++)
		spawn->fds[WORKER_DISKS + i] = fds->disks[i];
}

static int start_inspector(const struct ask_settings *settings, const struct child_fds *fds,
	struct ask *ask, struct err *err)
{
	const int apart = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
	char order[2][WORKER_ORDER_LENGTH];
	const char *const argv[] = {"bootfs-inspect", WORKER_ARGUMENT, order[0], NULL};
	const char *const argv_plain[] = {"bootfs-inspect", WORKER_ARGUMENT, order[1], NULL};
	struct spawn spawn = {
		.program = ask->servers.n ? settings->inspector_nbd : settings->inspector,
		.apart = settings->namespaces ? apart : 0,
		.argv = argv,
		.argv_plain = argv_plain,
	};
	int r;

	for (int i = 0; i < 2; i++) {
		const struct worker_order what = {
			.uid = settings->uid,
			.gid = settings->gid,
			.memory = ask->limits.memory,
			.cpu_seconds = ask->limits.timeout_ms / 1000 + 1,
			.disks = fds->n_disks,
			.private_root = i == 0,
		};

		worker_order_print(&what, order[i]);
	}
	place_child_fds(&spawn, ask, fds);
	r = spawn_start(&spawn, &ask->pid, &ask->pidfd, err);
	if (r < 0)
		ask->pidfd = -1;
	return r;
}

int ask_start(const struct ask_settings *settings, const struct question *question, struct ask *ret,
	struct err *err)
{
	struct child_fds fds = {.null = -1, .question = -1, .life = -1};
	int r = ask_prepare(ret, question, err);

	if (r == 0)
		r = child_fds_open(settings, &fds, ret, question, err);
	if (r == 0)
		r = start_inspector(settings, &fds, ret, err);
	child_fds_done(&fds);
	if (r < 0)
		ask_done(ret);
	return r;
}
