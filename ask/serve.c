/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask/serve.h"

#include "ask/own.h"
#include "ask/spawn.h"
#include "core/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum {
	LOG_BYTES = 4096,
	QEMU_MEMORY =
		1 << 30, /* bytes of address space besides inspect-memory: libraries, stacks */
	MAX_ARGUMENTS = 4 + MAX_IMAGE_LAYERS + 1,
};

/* ---- one server ------------------------------------------------------------------------------ */

struct arguments {
	const char *at[MAX_ARGUMENTS];
	char order[WORKER_ORDER_LENGTH];
};

static void make_arguments(struct arguments *arguments, const struct ask_settings *settings,
	const struct image *image, const struct limits *limits)
{
	const struct worker_order order = {
		.uid = settings->uid,
		.gid = settings->gid,
		.memory = limits->memory + QEMU_MEMORY,
		.cpu_seconds = limits->timeout_ms / 1000 + 1,
		.disks = image->n_layers,
	};
	size_t n = 0;

	worker_order_print(&order, arguments->order);
	arguments->at[n++] = "bootfs-serve";
	arguments->at[n++] = image->url.len ? SERVE_URL : SERVE_IMAGE;
	arguments->at[n++] = arguments->order;
	arguments->at[n++] = image->url.len ? image->url.at : settings->qemu_nbd;
	for (uint32_t i = 0; i < image->n_layers; i++)
		arguments->at[n++] = image->layers[i].format.at;
	arguments->at[n] = NULL;
}

static int start_one(const struct ask_settings *settings, const struct question *question,
	const struct image *image, int life_fd, int pair, struct server *server, struct err *err)
{
	_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char why[SHORTAGE_BYTES];
	struct arguments arguments;
	struct spawn spawn = {
		.program = settings->serve,
		.argv = arguments.at,
		.argv_plain = arguments.at,
		.n_fds = SERVE_LAYERS + image->n_layers,
	};

	server->log_fd = ask_make_memory("bootfs-log", LOG_BYTES, 0);
	if (null < 0 || server->log_fd < 0)
		return err_set(err, errno, "cannot start a server: %s", shortage_text(errno, why));
	/* A remote disk's server must see the host's network, and unshares what it can itself. */
	if (settings->namespaces && !image->url.len)
		spawn.apart = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
	make_arguments(&arguments, settings, image, &question->limits);
	spawn.fds[0] = null;
	spawn.fds[1] = spawn.fds[2] = server->log_fd;
	spawn.fds[SERVE_PAIR] = pair;
	spawn.fds[SERVE_LIFE] = life_fd;
	for (uint32_t i = 0; i < image->n_layers; i++)
		spawn.fds[SERVE_LAYERS + i] = image->layers[i].fd;
	return spawn_start(&spawn, &server->pid, &server->pidfd, err);
}

static int serve_disk(const struct ask_settings *settings, const struct question *question,
	uint32_t disk, int life_fd, struct servers *ret, int *to_inspector, struct err *err)
{
	struct server *server = &ret->at[ret->n];
	char why[SHORTAGE_BYTES];
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, errno, "cannot start a server: %s", shortage_text(errno, why));
	*to_inspector = pair[0];
	*server = (struct server){.disk = disk, .pidfd = -1, .log_fd = -1};
	r = start_one(
		settings, question, question->disks[disk].image, life_fd, pair[1], server, err);
	close(pair[1]);
	if (r < 0)
		cleanup_close(&server->log_fd);
	else
		ret->n++;
	return r;
}

int servers_start(const struct ask_settings *settings, const struct question *question, int life_fd,
	struct servers *ret, int to_inspector[MAX_DISKS], struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < question->n_disks; i++)
		to_inspector[i] = -1;
	for (uint32_t i = 0; i < question->n_disks && r == 0; i++) {
		if (!question->disks[i].image)
			continue;
		if (!settings->serve || !settings->inspector_nbd)
			return err_set(err, ENOENT,
				"what reads disks that are not raw is not installed: "
				"bootfs-serve, bootfs-inspect-nbd (the package bootfs-nbd; "
				"make NBD=no leaves them out)");
		r = serve_disk(settings, question, i, life_fd, ret, &to_inspector[i], err);
	}
	return r;
}

/* ---- their end ------------------------------------------------------------------------------- */

void servers_kill(struct servers *servers)
{
	for (uint32_t i = 0; i < servers->n; i++) {
		if (servers->at[i].pidfd >= 0)
			kill(servers->at[i].pid, SIGKILL);
	}
}

static bool reap_one(struct server *server)
{
	siginfo_t info = {0};

	if (server->pidfd < 0)
		return true;
	if (waitid(P_PID, (id_t)server->pid, &info, WEXITED | WNOHANG) == 0 && !info.si_pid)
		return false;
	close(server->pidfd);
	server->pidfd = -1;
	return true;
}

bool servers_reap(struct servers *servers)
{
	bool all = true;

	for (uint32_t i = 0; i < servers->n; i++)
		all &= reap_one(&servers->at[i]);
	return all;
}

/* ---- what they say --------------------------------------------------------------------------- */

/* "qemu-nbd: Failed to blk_new_open 'json:{...}': why": what we told QEMU is no news. */
static struct text cut_preamble(struct text line)
{
	const struct text end = TEXT("}': ");

	for (size_t i = 0; i + end.len < line.len; i++) {
		if (text_starts(text_skip(line, i), end))
			return text_skip(line, i + end.len);
	}
	return line;
}

static void last_line(int log_fd, struct strbuf *out)
{
	char bytes[LOG_BYTES];
	ssize_t n = pread(log_fd, bytes, sizeof(bytes), 0);
	struct text rest, line, last = {0};

	if (n <= 0)
		return;
	rest = (struct text){bytes, strnlen(bytes, (size_t)n)};
	while (text_cut(&rest, '\n', &line)) {
		if (text_trim(line).len)
			last = text_trim(line);
	}
	strbuf_add(out, text_first(cut_preamble(last), 300));
}

void servers_complaint(const struct servers *servers, uint32_t disk, struct strbuf *out)
{
	for (uint32_t i = 0; i < servers->n; i++) {
		if (servers->at[i].disk == disk && servers->at[i].log_fd >= 0)
			last_line(servers->at[i].log_fd, out);
	}
}

void servers_forget_logs(struct servers *servers)
{
	for (uint32_t i = 0; i < servers->n; i++) {
		cleanup_close(&servers->at[i].log_fd);
		servers->at[i].log_fd = -1;
	}
}
