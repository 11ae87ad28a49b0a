/* The ext2/3/4 reader's own: an open file system of libext2fs and what its parts share. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/fs/ext/fast_commit.h"
#include "parsers/fs/fs.h"
#include "parsers/disk/witness.h"

/* libext2fs uses dev_t and mode_t without a word; with musl nothing else declares them. */
#include <sys/types.h>

#include <ext2fs/ext2fs.h>

enum { EXT_WITNESS_SUPER, EXT_WITNESS_JOURNAL, EXT_WITNESS_HEAD, EXT_WITNESS_FAST, EXT_WITNESSES };

struct ext {
	struct fs fs;
	struct blockdev dev;
	struct arena *arena;
	struct report *report;
	struct text volume; /* its name, for warnings */
	ext2_filsys lib;
	/* The inode last read, inode_size bytes; valid until the next ext_read_inode(). */
	struct ext2_inode_large *inode;
	uint32_t inode_size;
	/* Where the content of node `mapped` lies; see ext_map(). */
	struct extents map;
	struct node mapped;
	struct ext_fast fast;
	/* What a guest that runs writes to: the superblock, and three places of its journal. */
	struct witness witnesses[EXT_WITNESSES];
};

/*
 * libext2fs's io_manager over a blockdev. Its name for a device is the blockdev's address in
 * text; ext_io_name() writes that.
 */
struct ext_io_name {
	char text[32];
};
struct ext_io_name ext_io_name(const struct blockdev *dev);
extern const struct struct_io_manager ext_io_manager;

extern const struct fs_ops ext_ops;

static inline struct ext *to_ext(struct fs *fs)
{
	return (struct ext *)(void *)fs;
}

/* What opens and closes the reader: see struct fs_ops. */
int ext_probe(const struct blockdev *dev);
int ext_open(const struct fs_source *source, struct fs **ret, struct err *err);
void ext_close(struct fs *fs);

/* -errno for an error of libext2fs: what it passed through, -ENOMEM, or -EUCLEAN. */
int ext_errno(errcode_t error);

/*
 * True once, when `error` is a wrong checksum: reports it and makes libext2fs ignore checksums
 * from then on, so that the caller tries again. A live file system looks like that.
 */
bool ext_forgive(struct ext *ext, errcode_t error);

void ext_warn_checksum(const struct ext *ext);

/*
 * Lays what the journal has over ext->dev: 1 where that changed it (then the library must open
 * again), 0 where not; what cannot be replayed is told in the report. -ENOMEM.
 */
int ext_replay(struct ext *ext, const struct fs_source *source) MUST_CHECK;

/* See struct fs_ops. */
int ext_changed(struct fs *fs);

/* Reads an inode into ext->inode. -EUCLEAN for a number that cannot be. */
int ext_read_inode(struct ext *ext, uint64_t ino) MUST_CHECK;

/*
 * Makes ext->map the runs of a node's content: exactly node->size bytes (folders: whole blocks).
 * EXTENT_DISK means an offset in ext->dev here; holes and unwritten extents are EXTENT_ZERO.
 * Not for inline content.
 */
int ext_map(struct ext *ext, const struct node *node) MUST_CHECK;

/* Content of a mapped node; [offset, offset + len) lies inside it. */
int ext_map_read(struct ext *ext, uint64_t offset, void *buf, size_t len) MUST_CHECK;

/* Does ext->inode keep its content in itself? */
bool ext_is_inline(const struct ext *ext);

/*
 * The inline content of ext->inode: the start in its block area, the rest in an attribute.
 * Both point into ext->inode; together at least `size` bytes or -EUCLEAN.
 */
int ext_inline(struct ext *ext, uint64_t size, struct text *start, struct text *rest) MUST_CHECK;

/* Calls `visit` for every entry of a folder but "." and ".."; non-zero stops. */
typedef int ext_visit(void *context, struct text name, uint32_t ino);
int ext_each_entry(
	struct ext *ext, const struct node *folder, ext_visit *visit, void *context) MUST_CHECK;

/* The same for the entries of one block; a damaged one costs the rest of its block. */
int ext_visit_block(
	struct ext *ext, char *block, size_t size, ext_visit *visit, void *context) MUST_CHECK;

/*
 * The same for those entries of an indexed folder that may be called `name`. -EAGAIN: the index
 * makes no sense; look at all entries.
 */
int ext_htree_search(struct ext *ext, const struct node *folder, struct text name, bool fold,
	ext_visit *visit, void *context) MUST_CHECK;
