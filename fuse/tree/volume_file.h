/* An open file of a volume: where its bytes lie, and those that only an inspector can give. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/tree/volume.h"
#include "fuse/tree/window.h"

/*
 * Lives while it is referenced: by an open file, by the request that opens it. Its snapshot is
 * pinned. Bytes that do not lie plainly on the disk come range by range, the last one is kept.
 */
struct volume_file {
	uint32_t refs;
	struct volume_folder *folder; /* used */
	struct strbuf path;
	uint64_t size, identity;   /* as the folder's listing says */
	struct inspection *answer; /* NULL: not known where they lie, volume_file_ask() */
	struct task task;
	struct parked_list waiting;
	int range_fd;                    /* a memfd; -1: none */
	uint64_t range_at, range_length; /* bytes of the file that are in it */
	uint32_t reads;                  /* that need the range right now */
};

/* A file of a listed folder whose snapshot has its disks open; one reference. NULL: no memory. */
struct volume_file *volume_file_new(
	struct volume_folder *folder, const struct look_entry *entry) MUST_CHECK;
void volume_file_unref(struct volume_file *file);

/* Asks where its bytes lie; file->waiting is resumed then, perhaps before this returns. */
void volume_file_ask(struct volume_file *file);

/* Are the bytes [offset, offset + length) at hand? */
bool volume_file_has(const struct volume_file *file, uint64_t offset, uint64_t length);

/* Asks for those bytes and what follows them, when no read needs the range before. */
void volume_file_ask_range(struct volume_file *file, uint64_t offset);

/* Valid while a read is under way. */
struct window volume_file_window(const struct volume_file *file);
void volume_file_begin_read(struct volume_file *file);
void volume_file_end_read(struct volume_file *file);
