/* Fast commits of ext4: what was changed after the journal's last whole transaction. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/text.h"
#include "parsers/disk/blockdev.h"

/* The newest fields of an inode; where its content lies is told by ranges. */
struct ext_fast_inode {
	uint32_t ino;
	struct text raw; /* as on the disk, cut behind its last field */
};

/* A name that was added to a folder or taken out of it. */
struct ext_fast_name {
	uint32_t parent, ino; /* ino 0: taken out */
	struct text name;
};

/* A run of a file's blocks that lies elsewhere now. */
struct ext_fast_range {
	uint32_t ino;
	uint32_t start, count; /* blocks of the file */
	uint64_t block;        /* 0: a hole */
	bool unwritten;
};

/* All in the order in which they happened: of several, the last one counts. In the arena. */
struct ext_fast {
	struct ext_fast_inode *inodes;
	struct ext_fast_name *names;
	struct ext_fast_range *ranges;
	uint32_t n_inodes, n_names, n_ranges;
};

/*
 * Reads fast commits out of `area`, the journal's blocks for them joined together. They count up
 * to the last that is whole and belongs to transaction `sequence`. *end is where the next one
 * would be written, bytes. -ENOMEM; -ENOTSUP: a feature that is not known.
 */
int ext_fast_read(struct ext_fast *fast, struct text area, uint32_t block_size, uint32_t sequence,
	struct arena *arena, size_t *end) MUST_CHECK;

/* The newest fields of an inode, or an empty text. */
struct text ext_fast_inode(const struct ext_fast *fast, uint32_t ino);

/*
 * Changes the map of a file (EXTENT_DISK: at an offset of the volume) to what the ranges say; its
 * length stays. -EUCLEAN a range outside `volume` bytes, -ENOMEM, -EFBIG.
 */
int ext_fast_map(const struct ext_fast *fast, uint32_t ino, uint32_t block_size, uint64_t volume,
	struct extents *map) MUST_CHECK;
