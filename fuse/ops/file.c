/* FUSE's callbacks for files: open, read, release. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/folder.h"
#include "fuse/ops/open_file.h"
#include "fuse/ops/ops.h"
#include "fuse/ops/volume.h"

#include <errno.h>

void open_file_unref(struct open_file *file)
{
	if (--file->refs)
		return;
	if (file->content)
		content_unuse(file->content);
	if (file->file)
		volume_file_unref(file->file);
	free(file->text);
	free(file);
}

static struct open_file *open_file_of(const struct fuse_file_info *fi)
{
	return (struct open_file *)(uintptr_t)fi->fh;
}

void reply_file(fuse_req_t req, struct fuse_file_info *fi, struct open_file *file)
{
	const struct snapshot *snapshot = open_file_snapshot(file);

	fi->fh = (uintptr_t)file;
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 11)
	fi->noflush = 1; /* else the kernel asks once, and learns that there is no such call */
#endif
	/* An inode's bytes never change, but .status and .stats; below .disk they are checked. */
	fi->direct_io = file->changes || (snapshot && snapshot->once);
	fi->keep_cache = !fi->direct_io;
	if (fuse_reply_open(req, fi))
		open_file_unref(file);
}

static void render_text(const struct daemon *daemon, const struct place *place, struct strbuf *out)
{
	if (place->id == STATUS_ID) {
		status_render(daemon, out);
	} else if (place->id == STATS_ID) {
		stats_render(daemon, out);
	} else {
		tree_render(&place->snapshot->tree, place->node, out);
		snapshot_touch(place->snapshot);
	}
}

static void open_text(fuse_req_t req, const struct place *place, struct fuse_file_info *fi)
{
	_strbuf_ struct strbuf text = {0};
	struct open_file *file = calloc(1, sizeof(*file));

	render_text(fuse_req_userdata(req), place, &text);
	if (!file || text.failed) {
		free(file);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	file->refs = 1;
	file->text_len = text.len;
	file->text = strbuf_steal(&text);
	file->changes = place_is_text_of_root(place);
	reply_file(req, fi, file);
}

static void open_content(fuse_req_t req, struct content_node *content, struct fuse_file_info *fi)
{
	struct open_file *file = calloc(1, sizeof(*file));

	if (!file) {
		fuse_reply_err(req, ENOMEM);
		content_drop(content);
		return;
	}
	file->refs = 1;
	file->content = content;
	content_use(content);
	snapshot_touch(content->snapshot);
	reply_file(req, fi, file);
}

/* An open that waits for its disks to be opened again, and to be the same still. */
struct parked_open {
	struct parked parked;
	fuse_ino_t ino;
	struct fuse_file_info fi;
};

static void open_resume(struct parked *parked, int error)
{
	struct parked_open *open = container_of(parked, struct parked_open, parked);
	struct daemon *daemon = fuse_req_userdata(parked->req);
	struct place place;

	if (error)
		fuse_reply_err(parked->req, error);
	else if (place_find(daemon, open->ino, &place) || !place_content(daemon, &place) ||
		 !snapshot_has_disks(place.content->snapshot))
		fuse_reply_err(parked->req, ESTALE);
	else
		open_content(parked->req, place.content, &open->fi);
	free(open);
}

/* An idle snapshot's disks are closed; its folder opens them again, if they are the same. */
static void open_again(fuse_req_t req, struct content_node *content, fuse_ino_t ino,
	const struct fuse_file_info *fi)
{
	struct folder *folder = content->snapshot->folder;
	struct parked_open *open = folder ? calloc(1, sizeof(*open)) : NULL;

	content_drop(content);
	if (!open) {
		fuse_reply_err(req, folder ? ENOMEM : ESTALE);
		return;
	}
	*open = (struct parked_open){{.req = req, .resume = open_resume}, ino, *fi};
	parked_add(&folder->waiting, &open->parked);
	query_start(folder);
}

void serve_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct daemon *daemon = fuse_req_userdata(req);
	enum node_type type;
	struct place place;

	if (place_find(daemon, ino, &place)) {
		fuse_reply_err(req, ESTALE);
		return;
	}
	if (place.volume) {
		serve_volume_open(req, &place, fi);
		return;
	}
	type = node_type(place.node.kind);
	if (type == TYPE_TEXT)
		open_text(req, &place, fi);
	else if (type != TYPE_CONTENT)
		fuse_reply_err(req, EISDIR);
	else if (!place_content(daemon, &place))
		fuse_reply_err(req, ENOMEM);
	else if (snapshot_has_disks(place.content->snapshot))
		open_content(req, place.content, fi);
	else
		open_again(req, place.content, ino, fi);
}

void serve_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	open_file_unref(open_file_of(fi));
	fuse_reply_err(req, 0);
}

/* A read of bytes that must be asked for first. */
struct parked_read {
	struct parked parked;
	struct open_file *file; /* referenced */
	uint64_t offset;
	size_t size;
};

static void read_resume(struct parked *parked, int error)
{
	struct parked_read *read = container_of(parked, struct parked_read, parked);

	if (error)
		fuse_reply_err(parked->req, error);
	else
		read_submit(parked->req, read->file, read->offset, read->size);
	open_file_unref(read->file);
	free(read);
}

static void read_later(fuse_req_t req, struct open_file *file, uint64_t offset, size_t size)
{
	struct parked_read *read = calloc(1, sizeof(*read));

	if (!read) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	*read = (struct parked_read){{.req = req, .resume = read_resume}, file, offset, size};
	file->refs++;
	parked_add(&file->content->later.waiting, &read->parked);
	later_ask(file->content);
}

static void read_text(fuse_req_t req, const struct open_file *file, uint64_t offset, size_t size)
{
	struct daemon *daemon = fuse_req_userdata(req);

	daemon->stats.text_bytes += size;
	fuse_reply_buf(req, file->text + offset, size);
}

void serve_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct open_file *file = open_file_of(fi);
	uint64_t length = file->text_len, from = (uint64_t)offset;

	(void)ino;
	if (file->file)
		length = file->file->size;
	else if (file->content)
		length = content_window(file->content).content->size;
	if (from >= length) {
		fuse_reply_buf(req, NULL, 0);
		return;
	}
	if (size > length - from)
		size = (size_t)(length - from);
	if (file->file)
		serve_volume_read(req, file, from, size);
	else if (!file->content)
		read_text(req, file, from, size);
	else if (content_must_ask(file->content))
		read_later(req, file, from, size);
	else
		read_submit(req, file, from, size);
}
