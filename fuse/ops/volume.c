/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/ops/volume.h"

#include "fuse/query/folder.h"

#include <errno.h>

/* ---- requests that need a listing -------------------------------------------------------------- */

/* What is wanted of a folder as soon as it is known what is in it. */
struct wish {
	fuse_req_t req;
	void (*grant)(struct wish *wish, struct volume_folder *folder); /* answers */
	fuse_ino_t ino;
	struct node node;
	const char *name;
	struct fuse_file_info fi;
	size_t size;
	off_t offset;
	bool plus;
	bool disks;    /* they must be open, too */
	bool reopened; /* they were opened again for it: not a second time */
};

struct parked_wish {
	struct parked parked;
	struct wish wish;
	struct volume_folder *folder; /* used */
	char name[];
};

static void make_wish(struct wish *wish, struct volume_folder *folder);

static void wish_resume(struct parked *parked, int error)
{
	struct parked_wish *waited = container_of(parked, struct parked_wish, parked);

	if (error)
		fuse_reply_err(parked->req, error);
	else
		make_wish(&waited->wish, waited->folder);
	volume_unuse(waited->folder);
	free(waited);
}

static bool wish_park(
	const struct wish *wish, struct volume_folder *folder, struct parked_list *list)
{
	size_t len = wish->name ? strlen(wish->name) : 0;
	struct parked_wish *waiting = calloc(1, sizeof(*waiting) + len + 1);

	if (!waiting) {
		fuse_reply_err(wish->req, ENOMEM);
		return false;
	}
	waiting->parked = (struct parked){.req = wish->req, .resume = wish_resume};
	waiting->wish = *wish;
	waiting->folder = folder;
	if (len)
		memcpy(waiting->name, wish->name, len);
	waiting->wish.name = waiting->name;
	volume_use(folder);
	parked_add(list, &waiting->parked);
	return true;
}

/* An idle snapshot's disks are closed; the folder that shows it opens them again. */
static void wish_reopen(struct wish *wish, struct volume_folder *volume)
{
	struct folder *folder = volume->snapshot->folder;

	if (wish->reopened || !folder) {
		fuse_reply_err(wish->req, ESTALE);
		return;
	}
	wish->reopened = true;
	if (wish_park(wish, volume, &folder->waiting))
		query_start(folder);
}

static void make_wish(struct wish *wish, struct volume_folder *folder)
{
	bool listed = volume_is_listed(folder);

	if (folder->stale || !snapshot_is_whole(folder->snapshot) || !folder->snapshot->disks)
		fuse_reply_err(wish->req, ESTALE);
	else if ((wish->disks || !listed) && !folder->snapshot->disks->n_open)
		wish_reopen(wish, folder);
	else if (!listed && wish_park(wish, folder, &folder->waiting))
		volume_ask(folder);
	else if (listed) {
		volume_touch(folder);
		wish->grant(wish, folder);
	}
}

/* The access group never sees a guest's files, by whatever way it came here. */
static bool may_look(fuse_req_t req)
{
	if (fuse_req_ctx(req)->uid == 0)
		return true;
	fuse_reply_err(req, EACCES);
	return false;
}

/* ---- the requests ------------------------------------------------------------------------------ */

static void grant_lookup(struct wish *wish, struct volume_folder *folder)
{
	const struct look_entry *entry = volume_find(folder, text_of(wish->name));
	struct place place;

	if (!entry)
		fuse_reply_err(wish->req, ENOENT);
	else if (volume_place(folder, entry, &place))
		fuse_reply_err(wish->req, ENOMEM);
	else
		reply_place(
			wish->req, folder->daemon, &place, snapshot_timeout_s(folder->snapshot));
}

void serve_volume_lookup(fuse_req_t req, const struct place *parent, const char *name)
{
	struct wish wish = {.req = req, .grant = grant_lookup, .name = name};

	if (parent->node.kind != NODE_VOLUME)
		fuse_reply_err(req, ENOTDIR);
	else
		make_wish(&wish, parent->volume);
}

/* The place that a request's inode number names, now that its folder is listed. */
static bool find_place(const struct wish *wish, struct volume_folder *folder, struct place *ret)
{
	*ret = (struct place){.id = wish->ino, .node = wish->node, .volume = folder};
	if (volume_entry(folder, wish->node.entry))
		return true;
	fuse_reply_err(wish->req, ESTALE);
	return false;
}

static void grant_getattr(struct wish *wish, struct volume_folder *folder)
{
	struct place place;
	struct stat attr;

	if (!find_place(wish, folder, &place))
		return;
	volume_attr(&place, &attr);
	fuse_reply_attr(wish->req, &attr, TIMEOUT_IMMUTABLE);
}

void serve_volume_getattr(fuse_req_t req, const struct place *place)
{
	struct wish wish = {
		.req = req, .grant = grant_getattr, .ino = place->id, .node = place->node};

	make_wish(&wish, place->volume);
}

static void grant_readlink(struct wish *wish, struct volume_folder *folder)
{
	struct place place;

	if (find_place(wish, folder, &place))
		fuse_reply_readlink(wish->req, volume_entry(folder, wish->node.entry)->target.at);
}

void serve_volume_readlink(fuse_req_t req, const struct place *place)
{
	struct wish wish = {
		.req = req, .grant = grant_readlink, .ino = place->id, .node = place->node};

	if (place->node.kind != NODE_VOLUME_LINK)
		fuse_reply_err(req, EINVAL);
	else
		make_wish(&wish, place->volume);
}

static void grant_opendir(struct wish *wish, struct volume_folder *folder)
{
	reply_volume_dir(wish->req, &wish->fi, folder);
}

void serve_volume_opendir(
	fuse_req_t req, const struct place *place, const struct fuse_file_info *fi)
{
	struct wish wish = {.req = req, .grant = grant_opendir, .fi = *fi};

	if (place->node.kind != NODE_VOLUME)
		fuse_reply_err(req, ENOTDIR);
	else if (may_look(req))
		make_wish(&wish, place->volume);
}

static void grant_list(struct wish *wish, struct volume_folder *folder)
{
	(void)folder;
	serve_list(wish->req, wish->ino, wish->size, wish->offset, &wish->fi, wish->plus);
}

void serve_volume_list(struct volume_folder *folder, fuse_req_t req, fuse_ino_t ino, size_t size,
	off_t offset, const struct fuse_file_info *fi, bool plus)
{
	struct wish wish = {
		.req = req,
		.grant = grant_list,
		.ino = ino,
		.fi = *fi,
		.size = size,
		.offset = offset,
		.plus = plus,
	};

	make_wish(&wish, folder);
}

/* ---- files ------------------------------------------------------------------------------------- */

/* Takes over the reference. */
static void reply_volume_file(fuse_req_t req, struct fuse_file_info *fi, struct volume_file *file)
{
	struct open_file *open = calloc(1, sizeof(*open));

	if (!open) {
		fuse_reply_err(req, ENOMEM);
		volume_file_unref(file);
		return;
	}
	open->refs = 1;
	open->file = file;
	reply_file(req, fi, open);
}

/* An open that waits until it is known where the bytes lie. */
struct parked_open {
	struct parked parked;
	struct volume_file *file; /* referenced */
	struct fuse_file_info fi;
};

static void open_resume(struct parked *parked, int error)
{
	struct parked_open *waited = container_of(parked, struct parked_open, parked);

	if (error) {
		fuse_reply_err(parked->req, error);
		volume_file_unref(waited->file);
	} else {
		reply_volume_file(parked->req, &waited->fi, waited->file);
	}
	free(waited);
}

static void open_park(fuse_req_t req, const struct fuse_file_info *fi, struct volume_file *file)
{
	struct parked_open *waiting = calloc(1, sizeof(*waiting));

	if (!waiting) {
		fuse_reply_err(req, ENOMEM);
		volume_file_unref(file);
		return;
	}
	*waiting = (struct parked_open){{.req = req, .resume = open_resume}, file, *fi};
	file->refs++; /* an interrupt may have come already */
	parked_add(&file->waiting, &waiting->parked);
	if (file->waiting.first)
		volume_file_ask(file);
	volume_file_unref(file);
}

static void grant_open(struct wish *wish, struct volume_folder *folder)
{
	const struct look_entry *entry = volume_entry(folder, wish->node.entry);
	struct volume_file *file = entry ? volume_file_new(folder, entry) : NULL;

	if (!file)
		fuse_reply_err(wish->req, entry ? ENOMEM : ESTALE);
	else if (file->answer)
		reply_volume_file(wish->req, &wish->fi, file);
	else
		open_park(wish->req, &wish->fi, file);
}

void serve_volume_open(fuse_req_t req, const struct place *place, const struct fuse_file_info *fi)
{
	struct wish wish = {
		.req = req, .grant = grant_open, .node = place->node, .fi = *fi, .disks = true};

	if (place->node.kind != NODE_VOLUME_FILE)
		fuse_reply_err(req, place->node.kind == NODE_VOLUME ? EISDIR : ELOOP);
	else if (may_look(req))
		make_wish(&wish, place->volume);
}

/* A read of bytes that must be asked for first. */
struct parked_range {
	struct parked parked;
	struct open_file *open; /* referenced */
	uint64_t offset;
	size_t size;
};

static void range_resume(struct parked *parked, int error)
{
	struct parked_range *waited = container_of(parked, struct parked_range, parked);

	if (error)
		fuse_reply_err(parked->req, error);
	else
		serve_volume_read(parked->req, waited->open, waited->offset, waited->size);
	open_file_unref(waited->open);
	free(waited);
}

void serve_volume_read(fuse_req_t req, struct open_file *open, uint64_t offset, size_t size)
{
	struct parked_range *waiting;

	if (volume_file_has(open->file, offset, size)) {
		read_submit(req, open, offset, size);
		return;
	}
	waiting = calloc(1, sizeof(*waiting));
	if (!waiting) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	*waiting = (struct parked_range){{.req = req, .resume = range_resume}, open, offset, size};
	open->refs++;
	parked_add(&open->file->waiting, &waiting->parked);
	volume_file_ask_range(open->file, offset);
}
