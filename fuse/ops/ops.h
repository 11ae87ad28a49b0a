/* FUSE's callbacks: look up, call, translate the error. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/host/daemon.h"

#include <fuse_lowlevel.h>

/* The userdata of the session is the daemon. */
extern const struct fuse_lowlevel_ops serve_ops;

/* Seconds; long for what never changes, short for what is cheap to ask again. */
#define TIMEOUT_IMMUTABLE 86400.0
#define TIMEOUT_ROOT      1.0

/* An inode number, seen from the daemon's side. */
struct place {
	uint64_t id;
	struct node node;
	struct folder *folder;     /* one of these four; none for root and .disk */
	struct snapshot *snapshot; /* whole */
	struct content_node *content;
	struct volume_folder *volume; /* the folder, or that of the file or link */
};

/* .status or .stats: they say other things each time. */
static inline bool place_is_text_of_root(const struct place *place)
{
	return place->id == STATUS_ID || place->id == STATS_ID;
}

/* -ESTALE: there is no such thing any more; the kernel then looks up its path anew. */
int place_find(struct daemon *daemon, fuse_ino_t ino, struct place *ret) MUST_CHECK;

/* Where a node of a snapshot is: its content's own inode, where it is one. -ENOMEM. */
int place_of_node(struct daemon *daemon, struct snapshot *snapshot, struct node node,
	struct place *ret) MUST_CHECK;

/* The content that a place is, made where it has no inode of its own. NULL: it is none. */
struct content_node *place_content(struct daemon *daemon, struct place *place) MUST_CHECK;

/* Its type, as a listing tells it. */
mode_t node_mode(enum node_kind kind);

/* -ENOMEM. */
int place_attr(struct daemon *daemon, const struct place *place, struct stat *ret) MUST_CHECK;

/* The kernel was told of it once more. */
void place_known(struct place *place);

/* Tells the kernel of a place; timeout_s: how long the name may be kept. */
void reply_place(fuse_req_t req, struct daemon *daemon, struct place *place, double timeout_s);

struct open_file;

/* Tells the kernel of an open file; takes it over. */
void reply_file(fuse_req_t req, struct fuse_file_info *fi, struct open_file *file);

/* Below .disk nothing is kept: what is not in use is forgotten at once, and its disk closed. */
static inline double snapshot_timeout_s(const struct snapshot *snapshot)
{
	return snapshot->once ? 0 : TIMEOUT_IMMUTABLE;
}

/* Tells the kernel of an open folder of a volume. */
void reply_volume_dir(fuse_req_t req, struct fuse_file_info *fi, struct volume_folder *folder);

/* It was not told: whatever was made only for that goes. */
void place_unused(struct place *place);

/* The kernel forgot once; harmless for what it never knew. */
void serve_forget_one(struct daemon *daemon, fuse_ino_t ino);

void serve_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void serve_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void serve_readdir(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);
void serve_readdirplus(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);
void serve_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned command, void *arg,
	struct fuse_file_info *fi, unsigned flags, const void *in, size_t in_size, size_t out_size);
void serve_list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	struct fuse_file_info *fi, bool plus);
void serve_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void serve_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void serve_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi);
void serve_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
