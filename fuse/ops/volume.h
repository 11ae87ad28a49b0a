/* FUSE's callbacks for what lies below volumes/: each may have to wait for an inspector. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/ops/open_file.h"
#include "fuse/ops/ops.h"

void serve_volume_lookup(fuse_req_t req, const struct place *parent, const char *name);
void serve_volume_getattr(fuse_req_t req, const struct place *place);
void serve_volume_readlink(fuse_req_t req, const struct place *place);
void serve_volume_opendir(
	fuse_req_t req, const struct place *place, const struct fuse_file_info *fi);
void serve_volume_open(fuse_req_t req, const struct place *place, const struct fuse_file_info *fi);

/* serve_list() again, when the folder is listed. */
void serve_volume_list(struct volume_folder *folder, fuse_req_t req, fuse_ino_t ino, size_t size,
	off_t offset, const struct fuse_file_info *fi, bool plus);

/* The range lies in the file. */
void serve_volume_read(fuse_req_t req, struct open_file *file, uint64_t offset, size_t size);
