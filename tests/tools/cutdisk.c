/*
 * cutdisk IMAGE LOG MOUNTPOINT: shows IMAGE as MOUNTPOINT/disk and appends every write to LOG, so
 * that a test can make the image as a power cut at any moment would leave it. Bytes written to
 * MOUNTPOINT/mark are appended as a mark between the writes.
 *
 *	LOG: records of le32 kind ('W' write, 'F' flush, 'M' mark), le32 length, le64 offset, bytes
 *
 * One thread, so the order of the log is the order in which writes came and were done.
 */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bytes.h"
#include "core/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum { DISK = 2, MARK = 3 };

struct cut {
	int image, log;
};

struct record {
	struct le32 kind, length;
	struct le64 offset;
};

static int append(int log, uint32_t kind, const void *bytes, size_t length, off_t offset)
{
	struct record record = {
		{htole32(kind)}, {htole32((uint32_t)length)}, {htole64((uint64_t)offset)}};
	struct iovec parts[] = {{&record, sizeof(record)}, {(void *)(uintptr_t)bytes, length}};
	ssize_t all = (ssize_t)(sizeof(record) + length);

	return writev(log, parts, 2) == all ? 0 : EIO;
}

static void attributes(const struct cut *cut, fuse_ino_t ino, struct stat *ret)
{
	*ret = (struct stat){.st_mode = S_IFDIR | 0755, .st_nlink = 2};
	if (ino == DISK && fstat(cut->image, ret))
		ret->st_mode = S_IFREG;
	if (ino == MARK)
		*ret = (struct stat){.st_mode = S_IFREG | 0600, .st_nlink = 1};
	ret->st_ino = ino;
}

static void cut_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = {.attr_timeout = 1, .entry_timeout = 1};

	if (parent == FUSE_ROOT_ID && strcmp(name, "disk") == 0)
		entry.ino = DISK;
	if (parent == FUSE_ROOT_ID && strcmp(name, "mark") == 0)
		entry.ino = MARK;
	if (!entry.ino) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	attributes(fuse_req_userdata(req), entry.ino, &entry.attr);
	fuse_reply_entry(req, &entry);
}

static void cut_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat stat;

	(void)fi;
	attributes(fuse_req_userdata(req), ino, &stat);
	fuse_reply_attr(req, &stat, 1);
}

static void cut_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fi->direct_io = 1;
	fuse_reply_open(req, fi);
}

static void cut_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	const struct cut *cut = fuse_req_userdata(req);
	_free_ char *buffer = malloc(size);
	ssize_t n = buffer && ino == DISK ? pread(cut->image, buffer, size, offset) : -1;

	(void)fi;
	if (n < 0)
		fuse_reply_err(req, EIO);
	else
		fuse_reply_buf(req, buffer, (size_t)n);
}

static void cut_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t offset,
	struct fuse_file_info *fi)
{
	const struct cut *cut = fuse_req_userdata(req);
	int err = append(cut->log, ino == DISK ? 'W' : 'M', bytes, size, offset);

	(void)fi;
	if (!err && ino == DISK && pwrite(cut->image, bytes, size, offset) != (ssize_t)size)
		err = EIO;
	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_write(req, size);
}

static void cut_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	const struct cut *cut = fuse_req_userdata(req);

	(void)datasync;
	(void)fi;
	fuse_reply_err(req, ino == DISK ? append(cut->log, 'F', "", 0, 0) : 0);
}

static const struct fuse_lowlevel_ops cut_ops = {
	.lookup = cut_lookup,
	.getattr = cut_getattr,
	.open = cut_open,
	.read = cut_read,
	.write = cut_write,
	.fsync = cut_fsync,
};

static int serve(struct cut *cut, char *program, const char *mountpoint)
{
	char *argv[] = {program, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(1, argv);
	struct fuse_session *session = fuse_session_new(&args, &cut_ops, sizeof(cut_ops), cut);
	int ret;

	if (!session || fuse_set_signal_handlers(session) ||
		fuse_session_mount(session, mountpoint))
		return 1;
	puts("ready");
	fflush(stdout);
	ret = fuse_session_loop(session) < 0;
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	return ret;
}

int main(int argc, char **argv)
{
	struct cut cut;

	if (argc != 4)
		return 2;
	cut.image = open(argv[1], O_RDWR | O_CLOEXEC);
	cut.log = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	return cut.image < 0 || cut.log < 0 ? 1 : serve(&cut, argv[0], argv[3]);
}
