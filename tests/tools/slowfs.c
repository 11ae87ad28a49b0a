/* A file system with one file that is slow, never answers, or changes while it is read. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum stage { STAGE_READ, STAGE_OPEN, STAGE_STAT };

/*
 * slowfs FILE DELAY_MS STAGE MOUNTPOINT: shows FILE as MOUNTPOINT/disk. Requests from STAGE on
 * ("stat", "open" or "read"; or "only-open") take DELAY_MS; with -1 they are never answered.
 * While a file MOUNTPOINT.fast exists everything is fast. Where there is a file MOUNTPOINT.other
 * at the start, every second request is answered with that instead.
 */
struct slow {
	int fd, other_fd; /* -1: no other */
	atomic_uint requests;
	long delay_ms;
	enum stage first, last;
	char fast[4096];
};

enum { DISK = 2 };

/* True: the request is to be left without an answer. */
static bool hangs(fuse_req_t req, enum stage stage)
{
	const struct slow *slow = fuse_req_userdata(req);
	struct timespec delay = {slow->delay_ms / 1000, slow->delay_ms % 1000 * 1000000};

	if (stage > slow->first || stage < slow->last || access(slow->fast, F_OK) == 0)
		return false;
	if (slow->delay_ms < 0)
		return true;
	nanosleep(&delay, NULL);
	return false;
}

static int next_fd(struct slow *slow)
{
	return slow->other_fd >= 0 && atomic_fetch_add(&slow->requests, 1) % 2 ? slow->other_fd
									       : slow->fd;
}

static void attributes(fuse_req_t req, fuse_ino_t ino, struct stat *ret)
{
	struct slow *slow = fuse_req_userdata(req);

	*ret = (struct stat){.st_mode = S_IFDIR | 0755, .st_nlink = 2};
	if (ino == DISK && fstat(next_fd(slow), ret))
		ret->st_mode = S_IFREG;
	ret->st_ino = ino;
}

static void slow_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = {.ino = DISK};

	if (parent != FUSE_ROOT_ID || strcmp(name, "disk") != 0) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	if (hangs(req, STAGE_STAT))
		return;
	attributes(req, DISK, &entry.attr);
	fuse_reply_entry(req, &entry);
}

static void slow_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat stat;

	(void)fi;
	if (ino == DISK && hangs(req, STAGE_STAT))
		return;
	attributes(req, ino, &stat);
	fuse_reply_attr(req, &stat, 1);
}

static void slow_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->direct_io = 1;
	if (!hangs(req, STAGE_OPEN))
		fuse_reply_open(req, fi);
}

static void slow_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct slow *slow = fuse_req_userdata(req);
	_free_ char *buffer = malloc(size);
	ssize_t n;

	(void)ino;
	(void)fi;
	if (hangs(req, STAGE_READ))
		return;
	n = buffer ? pread(next_fd(slow), buffer, size, offset) : -1;
	if (n < 0)
		fuse_reply_err(req, EIO);
	else
		fuse_reply_buf(req, buffer, (size_t)n);
}

static const struct fuse_lowlevel_ops slow_ops = {
	.lookup = slow_lookup,
	.getattr = slow_getattr,
	.open = slow_open,
	.read = slow_read,
};

static int serve(struct slow *slow, char *program, const char *mountpoint)
{
	char option[] = "-oallow_other";
	char *argv[] = {program, option, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, argv);
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	struct fuse_session *session = fuse_session_new(&args, &slow_ops, sizeof(slow_ops), slow);

	if (!session || !config || fuse_session_mount(session, mountpoint))
		return 1;
	fuse_loop_cfg_set_max_threads(config, 100);
	puts("ready");
	fflush(stdout);
	/* Several threads: requests that only take long do so side by side. */
	return fuse_session_loop_mt(session, config) ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct slow slow;

	if (argc != 5)
		return 2;
	slow.fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	slow.delay_ms = strtol(argv[2], NULL, 10);
	slow.first = strcmp(argv[3], "stat") == 0   ? STAGE_STAT
		     : strcmp(argv[3], "read") == 0 ? STAGE_READ
						    : STAGE_OPEN;
	slow.last = strcmp(argv[3], "only-open") == 0 ? STAGE_OPEN : STAGE_READ;
	snprintf(slow.fast, sizeof(slow.fast), "%s.other", argv[4]);
	slow.other_fd = open(slow.fast, O_RDONLY | O_CLOEXEC);
	atomic_init(&slow.requests, 0);
	snprintf(slow.fast, sizeof(slow.fast), "%s.fast", argv[4]);
	return slow.fd < 0 ? 1 : serve(&slow, argv[0], argv[4]);
}
