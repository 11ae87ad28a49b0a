/* One kind of file system behind one table: what a reader gives, and walking paths over it. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/err.h"
#include "model/report.h"
#include "core/strbuf.h"
#include "parsers/disk/blockdev.h"

#include <sys/types.h>

enum node_type { NODE_FILE, NODE_FOLDER, NODE_LINK, NODE_OTHER };

/* A file, folder or link of a guest, by number; a value, nothing to free. */
struct node {
	enum node_type type;
	uint64_t ino;             /* the reader's own number */
	uint64_t aux[4];          /* the reader's own: generation, parent, position... */
	uint64_t size;            /* bytes (link: of its target) */
	int64_t mtime_s, ctime_s; /* seconds since 1970 */
	uint32_t mode;            /* permission bits only */
	uint32_t generation;
};

struct fs;
struct fs_names;

/* `name` is one component, any bytes. Returning non-zero stops the listing with that value. */
typedef int fs_visit(void *context, struct text name);

/* What a reader is opened on. */
struct fs_source {
	const struct blockdev *dev;
	const struct blockdev *others; /* every other volume of the domain: btrfs finds its mates */
	size_t n_others;
	struct arena *arena;   /* everything a reader keeps lives here, except library handles */
	struct report *report; /* may take warnings: dirty log, wrong checksums */
	struct text name;      /* the volume's name for those warnings: "hd0,msdos1" */
};

struct fs_ops {
	const char *name; /* libblkid's: "ext4", "xfs", "vfat" */
	/* More of libblkid's names for this kind ("ext2"), NULL at the end; NULL: none. */
	const char *const *more_names;
	/*
	 * Is it this kind? 1 yes, 0 no, -EIO. Cheap: looks at the magic only. (libblkid's word is
	 * used first; this decides where libblkid is of two minds or cannot be asked.)
	 */
	int (*probe)(const struct blockdev *dev);
	/* -EINVAL not this file system; -ENOTSUP a feature named in err; -EUCLEAN damaged. */
	int (*open)(const struct fs_source *source, struct fs **ret, struct err *err);
	int (*root)(struct fs *fs, struct node *ret);
	/* One component in one folder, "." and ".." not asked. -ENOENT, -EIO, -EUCLEAN. */
	int (*find)(struct fs *fs, const struct node *folder, struct text name, struct node *ret);
	/* Every name but "." and "..", in the order of the disk. */
	int (*list)(struct fs *fs, const struct node *folder, fs_visit *visit, void *context);
	/* The target's bytes into buf (no NUL); its length. -ENAMETOOLONG over `size`. */
	ssize_t (*readlink)(struct fs *fs, const struct node *link, char *buf, size_t size);
	/* Bytes read, 0 at the end, less than len only at the end; holes are zeros. */
	ssize_t (*read)(
		struct fs *fs, const struct node *file, uint64_t offset, void *buf, size_t len);
	/* The whole file, exactly node->size bytes. -ENOTSUP: no straight mapping (all LATER). */
	int (*extents)(struct fs *fs, const struct node *file, struct extents *ret);
	void (*close)(struct fs *fs); /* library handles only; memory dies with the arena */
	/*
	 * Has a running guest committed anything since open()? 1, 0, -EIO. One or two reads: what
	 * the journal or superblock says now. NULL: nobody can know, or nobody writes such volumes.
	 */
	int (*changed)(struct fs *fs);
};

/* What every open reader begins with: `struct ext4 { struct fs fs; ... }`. */
struct fs {
	const struct fs_ops *ops;
	struct text uuid, label; /* as libblkid prints them; empty: none */
	const char *name;        /* libblkid's precise name: "ext2", "ext3", "ext4" */
	struct fs_names *names;  /* parsers/fs/names.h; the opener's: a reader leaves it NULL */
};

/* Every kind we read; NULL at the end. A new file system is one file, and a line here and there. */
extern const struct fs_ops *const fs_table[];

/*
 * Follows `path` from the root: links inside the guest only, "..": clamped at the root, at most
 * MAX_LINK_HOPS links in all. A final link is followed. `path` may begin with "/" or not.
 * -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG, -EIO, -EUCLEAN.
 */
int fs_walk(struct fs *fs, struct text path, struct node *ret) MUST_CHECK;

/*
 * The same, and appends to `real` (empty) the path that has no links, without a slash at either
 * end. -ENOMEM.
 */
int fs_walk_real(struct fs *fs, struct text path, struct node *ret, struct strbuf *real) MUST_CHECK;

/* A whole regular file into the arena, NUL behind it. -EFBIG over `max`, -EISDIR, -EINVAL (other).
 */
int fs_read_all(struct fs *fs, const struct node *file, uint64_t max, struct arena *arena,
	struct text *ret) MUST_CHECK;
