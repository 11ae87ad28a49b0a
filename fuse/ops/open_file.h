/* Open files, and reads of them that a worker does. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/tree/content.h"
#include "fuse/tree/volume_file.h"
#include "fuse/tree/window.h"

struct fuse_req;

/* Lives until it is closed and its last read is done: a hung disk may outlast the reader. */
struct open_file {
	uint32_t refs;
	struct content_node *content; /* used; NULL: none */
	struct volume_file *file;     /* referenced; NULL: none; neither of both: a text */
	struct window_place place;    /* where the last read was */
	bool changes;                 /* a text that may be another the next time */
	char *text;
	size_t text_len;
};

/* What it is part of; NULL: a text. */
struct snapshot *open_file_snapshot(const struct open_file *file);

void open_file_unref(struct open_file *file);

/*
 * An interrupted read has as long to come to its end: disks mostly answer sooner, and programs do
 * not expect EINTR from files.
 */
enum { INTERRUPT_GRACE_MS = 100 };

/* Has a worker read and answer. The range lies in the content; its PIECE_LATER are there. */
void read_submit(struct fuse_req *req, struct open_file *file, uint64_t offset, size_t size);
