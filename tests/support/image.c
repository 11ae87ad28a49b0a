/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/image.h"

#include <assert.h>
#include <stdio.h>

int image_make(uint64_t size, const char *command)
{
	char path[] = "/tmp/bootfs-image.XXXXXX", line[2000];
	int fd = mkstemp(path), r;

	assert(fd >= 0);
	assert(ftruncate(fd, (off_t)size) == 0);
	snprintf(line, sizeof(line),
		"exec >/dev/null 2>&1; PATH=$PATH:/usr/sbin IMAGE=%s; export IMAGE; %s\n"
		"r=$?; rm -rf $IMAGE $IMAGE.*; exit $r",
		path, command);
	r = system(line); // NOLINT(cert-env33-c): our own words
	assert(r == 0);
	return fd;
}

void image_open(struct image_view *view, const struct fs_ops *ops, int fd, uint64_t size)
{
	struct fs_source source = {
		.dev = &view->dev,
		.arena = &view->arena,
		.report = &view->report,
		.name = TEXT("hd0"),
	};

	memset(view, 0, sizeof(*view));
	arena_init(&view->arena, 1 << 24);
	report_init(&view->report, &view->arena);
	view->dev = blockdev_on_fd(fd, 0, size, 512);
	view->r = ops->open(&source, &view->fs, &view->err);
	assert(view->err.code == -view->r);
	assert(view->r == 0 || view->err.text[0]);
}

void image_close(struct image_view *view)
{
	if (view->r == 0)
		view->fs->ops->close(view->fs);
	arena_done(&view->arena);
}

bool image_reported(const struct image_view *view, enum report_kind kind, const char *words)
{
	const struct report_line *line;

	for (line = view->report.first; line; line = line->next) {
		if (line->kind == kind && strstr(line->text.at, words))
			return true;
	}
	return false;
}

struct image_change image_change(int fd, uint64_t at, const void *bytes, size_t len)
{
	struct image_change change = {.fd = fd, .at = (off_t)at, .len = len};

	assert(len <= sizeof(change.before));
	assert(pread(fd, change.before, len, change.at) == (ssize_t)len);
	assert(pwrite(fd, bytes, len, change.at) == (ssize_t)len);
	return change;
}

void image_restore(const struct image_change *change)
{
	assert(pwrite(change->fd, change->before, change->len, change->at) == (ssize_t)change->len);
}

int image_try(const struct fs_ops *ops, int fd, uint64_t size, uint64_t at, const void *bytes,
	size_t len, const char *path, struct err *err)
{
	struct image_change change = image_change(fd, at, bytes, len);
	struct image_view view;
	struct node node;
	int r;

	image_open(&view, ops, fd, size);
	r = view.r;
	if (r == 0)
		assert(fs_walk(view.fs, text_of(path), &node) <= 0);
	if (err)
		*err = view.err;
	image_close(&view);
	image_restore(&change);
	return r;
}
