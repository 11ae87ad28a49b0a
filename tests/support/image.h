/* File systems for unit tests: made by mkfs, opened by a reader, changed and put back. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/fs/fs.h"

/*
 * A new sparse file of `size` bytes that `command` (a shell's, with /usr/sbin in its path) makes
 * a file system of; the command finds its path in $IMAGE and may use $IMAGE.* for more files.
 * All names are gone afterwards. The descriptor; the program aborts where the command fails.
 */
int image_make(uint64_t size, const char *command);

/* An image as a reader sees it. */
struct image_view {
	struct arena arena;
	struct report report;
	struct blockdev dev;
	struct fs *fs; /* only with r == 0 */
	struct err err;
	int r; /* what open() said */
};

/* The volume's name in the report is "hd0". */
void image_open(struct image_view *view, const struct fs_ops *ops, int fd, uint64_t size);
void image_close(struct image_view *view);

/* Was a line of this kind with these words in it reported? */
bool image_reported(const struct image_view *view, enum report_kind kind, const char *words);

/* Bytes of an image, changed until image_restore(). */
struct image_change {
	int fd;
	off_t at;
	size_t len;
	uint8_t before[512];
};

struct image_change image_change(int fd, uint64_t at, const void *bytes, size_t len);
void image_restore(const struct image_change *change);

/*
 * What open() says with these bytes changed; where it opens, `path` is walked to. Its reason into
 * `err` where that is not NULL. Everything is put back.
 */
int image_try(const struct fs_ops *ops, int fd, uint64_t size, uint64_t at, const void *bytes,
	size_t len, const char *path, struct err *err);
