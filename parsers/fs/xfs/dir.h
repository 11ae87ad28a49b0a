/* Inside the XFS reader: the names of a folder. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/fs/xfs/xfs.h"

/* A folder at work. Buffers are of xfs->dir_size bytes. */
struct xfs_dir {
	struct xfs *xfs;
	struct xfs_inode inode;
	struct xfs_map map;
	uint8_t *block;  /* data block with names */
	uint8_t *index;  /* block of the index; NULL: not needed so far */
	uint64_t number; /* file block that stands in `block`; UINT64_MAX: none */
	bool replayed;   /* the log changed the block that was read last */
};

struct xfs_entry {
	struct text name;
	uint64_t ino;
};

/* The best answer so far to one look-up. */
struct xfs_match {
	const struct xfs *xfs;
	struct text name;
	uint64_t ino;
	bool found, exact;
};

/* -ENOTDIR, -EUCLEAN, -EIO, -ENOMEM. */
int xfs_dir_init(struct xfs_dir *dir, struct xfs *xfs, uint64_t ino) MUST_CHECK;
void xfs_dir_done(struct xfs_dir *dir);
#define _xfs_dir_ CLEANUP(xfs_dir_done)

/* Reads the folder block that begins at a file block; sets `replayed`. -EUCLEAN: a hole. */
int xfs_dir_read(struct xfs_dir *dir, uint64_t at, uint8_t *buf) MUST_CHECK;

/* Reads the data block at a file block into dir->block; checks its header. */
int xfs_dir_data(struct xfs_dir *dir, uint64_t at) MUST_CHECK;

/* Is what stands in dir->block the only block of its folder? */
bool xfs_dir_single(const struct xfs_dir *dir);

/* Where entries begin in a data block, bytes. */
uint32_t xfs_dir_header(const struct xfs *xfs);

/*
 * The entry at `at` of the data block, which ends at `end`: 1, 0 for free space, -EUCLEAN. *next
 * is where the one after it begins.
 */
int xfs_dir_entry(const struct xfs_dir *dir, uint32_t at, uint32_t end, struct xfs_entry *ret,
	uint32_t *next) MUST_CHECK;

/* Compares as this file system does; true once no better answer is possible. */
bool xfs_match_try(struct xfs_match *match, const struct xfs_entry *entry);

/* ISO 8859-1 capitals become small: how ascii-ci file systems compare and hash. */
uint8_t xfs_fold(uint8_t c);

/* Looks a name up by its hash in the folder's index. 0 whether found or not, -EUCLEAN, -EIO. */
int xfs_index_find(struct xfs_dir *dir, struct xfs_match *match) MUST_CHECK;
