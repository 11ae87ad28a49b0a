/* FUSE's callbacks for folders: look-ups and listings. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/folder.h"
#include "fuse/ops/volume.h"
#include "fuse/ops/ops.h"

#include <errno.h>
#include <linux/fuse.h>

/* An open folder: what it lists belongs to one snapshot, however long the listing takes. */
struct open_dir {
	struct snapshot *snapshot;    /* referenced; NULL: the root, .disk, or... */
	struct volume_folder *volume; /* used; NULL: none */
	struct node node;
	double timeout_s; /* of what it lists */
	uint64_t login;   /* .disk: token of the password that was given last; 0: none */
};

static struct open_dir *open_dir_of(const struct fuse_file_info *fi)
{
	return (struct open_dir *)(uintptr_t)fi->fh;
}

static void open_dir_free(struct open_dir *dir)
{
	if (dir->snapshot)
		snapshot_unref(dir->snapshot);
	if (dir->volume)
		volume_unuse(dir->volume);
	free(dir);
}

static void reply_dir(fuse_req_t req, struct fuse_file_info *fi, struct snapshot *snapshot,
	struct node node, double timeout_s)
{
	struct open_dir *dir = calloc(1, sizeof(*dir));

	if (!dir) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	*dir = (struct open_dir){.snapshot = snapshot ? snapshot_ref(snapshot) : NULL,
		.node = node,
		.timeout_s = timeout_s};
	fi->fh = (uintptr_t)dir;
	if (fuse_reply_open(req, fi))
		open_dir_free(dir);
}

void reply_volume_dir(fuse_req_t req, struct fuse_file_info *fi, struct volume_folder *folder)
{
	struct open_dir *dir = calloc(1, sizeof(*dir));

	if (!dir) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	volume_use(folder);
	dir->volume = folder;
	dir->timeout_s = snapshot_timeout_s(folder->snapshot);
	fi->fh = (uintptr_t)dir;
	if (fuse_reply_open(req, fi))
		open_dir_free(dir);
}

struct parked_dir {
	struct parked parked;
	struct folder *folder;
	struct fuse_file_info fi;
};

static void open_answer(fuse_req_t req, struct folder *folder, struct fuse_file_info *fi)
{
	struct node node = {.kind = NODE_FOLDER};

	if (!folder->snapshot || !snapshot_is_whole(folder->snapshot))
		fuse_reply_err(req, ESTALE);
	else
		reply_dir(req, fi, folder->snapshot, node, folder_fresh_s(folder));
}

static void opendir_resume(struct parked *parked, int error)
{
	struct parked_dir *dir = container_of(parked, struct parked_dir, parked);

	if (error)
		fuse_reply_err(parked->req, error);
	else
		open_answer(parked->req, dir->folder, &dir->fi);
	free(dir);
}

static void opendir_folder(fuse_req_t req, struct folder *folder, struct fuse_file_info *fi)
{
	struct parked_dir *dir;

	if (folder_is_fresh(folder)) {
		folder->daemon->stats.hits++;
		open_answer(req, folder, fi);
		return;
	}
	dir = calloc(1, sizeof(*dir));
	if (!dir) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	*dir = (struct parked_dir){{.req = req, .resume = opendir_resume}, folder, *fi};
	parked_add(&folder->waiting, &dir->parked);
	query_start(folder);
}

void serve_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct daemon *daemon = fuse_req_userdata(req);
	struct place place;

	if (place_find(daemon, ino, &place))
		fuse_reply_err(req, ESTALE);
	else if (place.folder)
		opendir_folder(req, place.folder, fi);
	else if (place.volume)
		serve_volume_opendir(req, &place, fi);
	else if (place.content || node_type(place.node.kind) != TYPE_FOLDER)
		fuse_reply_err(req, ENOTDIR);
	else
		reply_dir(req, fi, place.snapshot, place.node,
			place.snapshot ? snapshot_timeout_s(place.snapshot) : TIMEOUT_IMMUTABLE);
}

void serve_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct daemon *daemon = fuse_req_userdata(req);
	struct open_dir *dir = open_dir_of(fi);

	(void)ino;
	if (dir->login)
		login_forget(&daemon->logins, dir->login);
	open_dir_free(dir);
	fuse_reply_err(req, 0);
}

/* A password for a look-up below .disk (model/login.h). */
static int take_login(
	fuse_req_t req, struct open_dir *dir, const void *buffer, struct login_request *answer)
{
	struct daemon *daemon = fuse_req_userdata(req);
	const struct fuse_ctx *caller = fuse_req_ctx(req);
	struct login_request request;
	int r;

	if (caller->uid != 0)
		return -EPERM;
	if (dir->login)
		login_forget(&daemon->logins, dir->login);
	dir->login = 0;
	memcpy(&request, buffer, sizeof(request));
	r = login_add(&daemon->logins, caller->pid, &request, &dir->login);
	explicit_bzero(&request, sizeof(request));
	answer->token = dir->login;
	return r;
}

/* FUSE gives it so many. */
/* NOLINTNEXTLINE(readability-function-size) */
void serve_ioctl(fuse_req_t req, fuse_ino_t ino, unsigned command, void *arg,
	struct fuse_file_info *fi, unsigned flags, const void *in, size_t in_size, size_t out_size)
{
	struct login_request answer = {0};
	int r = -ENOTTY;

	(void)arg;
	if (ino == DISKS_ID && (flags & FUSE_IOCTL_DIR) && command == LOGIN_IOCTL &&
		in_size == sizeof(answer) && out_size == sizeof(answer)) {
		r = take_login(req, open_dir_of(fi), in, &answer);
		/* The buffer is ours; nothing after us reads it. */
		explicit_bzero((void *)(uintptr_t)in, in_size);
	}
	if (r)
		fuse_reply_err(req, -r);
	else
		fuse_reply_ioctl(req, 0, &answer, sizeof(answer));
}

/* A listing that is being written. Offsets: 1 behind ".", 2 behind "..", then 2 + place. */
struct listing {
	fuse_req_t req;
	struct daemon *daemon;
	double timeout_s;
	bool plus, failed; /* failed: out of memory */
	char *at;
	size_t size, used;
};

/* False: no room. */
static bool list_add(
	struct listing *list, const char *name, const struct fuse_entry_param *entry, uint64_t next)
{
	char *to = list->at + list->used;
	size_t room = list->size - list->used, need;

	if (list->plus)
		need = fuse_add_direntry_plus(list->req, to, room, name, entry, (off_t)next);
	else
		need = fuse_add_direntry(list->req, to, room, name, &entry->attr, (off_t)next);
	if (need > room)
		return false;
	list->used += need;
	return true;
}

static bool list_dots(struct listing *list, uint64_t *offset, fuse_ino_t ino)
{
	/* A number and a type is all that is told of them; no attributes, no look-ups. */
	struct fuse_entry_param entry = {.attr = {.st_ino = ino, .st_mode = S_IFDIR}};

	if (*offset == 0 && list_add(list, ".", &entry, 1))
		*offset = 1;
	if (*offset == 1 && list_add(list, "..", &entry, 2))
		*offset = 2;
	return *offset >= 2;
}

/* False: no room, or no memory. */
static bool list_place(
	struct listing *list, const char *name, struct place *place, uint64_t next, double attr_s)
{
	struct fuse_entry_param entry = {
		.ino = place->id,
		.entry_timeout = list->timeout_s,
		.attr_timeout = attr_s,
	};

	if (!list->plus) {
		entry.attr.st_ino = place->id;
		entry.attr.st_mode = node_mode(place->node.kind);
	} else if (place_attr(list->daemon, place, &entry.attr)) {
		list->failed = true;
		return false;
	}
	if (!list_add(list, name, &entry, next))
		return false;
	if (list->plus)
		place_known(place);
	return true;
}

static void list_domains(struct listing *list, uint64_t offset)
{
	struct folder *folder;

	for (folder = list->daemon->folders; folder; folder = folder->next) {
		struct place place = {.node.kind = NODE_FOLDER, .folder = folder};
		uint64_t next = (uint64_t)folder->owner.serial + 2;

		place.id = node_id(folder->owner.serial, place.node);
		if (next > offset && !list_place(list, folder->name, &place, next, TIMEOUT_ROOT))
			return;
	}
}

static void list_snapshot(struct listing *list, const struct open_dir *dir, uint64_t offset)
{
	struct snapshot *snapshot = dir->snapshot;
	uint64_t at = offset - 2;
	char name[TREE_NAME];
	struct node node;

	while (tree_next(&snapshot->tree, dir->node, &at, &node, name)) {
		struct place place;

		bool added = false;

		if (place_of_node(list->daemon, snapshot, node, &place)) {
			list->failed = true;
			return;
		}
		added = list_place(list, name, &place, at + 2, TIMEOUT_IMMUTABLE);
		place_unused(&place);
		if (!added)
			return;
	}
}

static void list_volume(struct listing *list, const struct open_dir *dir, uint64_t offset)
{
	const struct volume_look *look = &dir->volume->listing->look;

	for (uint64_t at = offset - 2; at < look->count; at++) {
		const struct look_entry *entry = volume_entry(dir->volume, (uint32_t)at);
		struct place place;
		bool added;

		if (!entry)
			continue;
		if (volume_place(dir->volume, entry, &place)) {
			list->failed = true;
			return;
		}
		added = list_place(list, entry->name.at, &place, at + 3, TIMEOUT_IMMUTABLE);
		place_unused(&place);
		if (!added)
			return;
	}
}

/* The reader is gone: the kernel has not taken note of what was listed. */
static void list_undo(const struct listing *list)
{
	const struct fuse_direntplus *entry;
	size_t at = 0;

	while (list->plus && at < list->used) {
		entry = (const void *)(list->at + at);
		serve_forget_one(list->daemon, entry->entry_out.nodeid);
		at += FUSE_DIRENTPLUS_SIZE(entry);
	}
}

void serve_list(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	struct fuse_file_info *fi, bool plus)
{
	const struct open_dir *dir = open_dir_of(fi);
	struct listing list = {
		.req = req,
		.daemon = fuse_req_userdata(req),
		.timeout_s = dir->timeout_s,
		.plus = plus,
		.size = size,
	};
	char *buffer;
	uint64_t from = (uint64_t)offset;

	if (dir->snapshot && !snapshot_is_whole(dir->snapshot)) {
		fuse_reply_err(req, ESTALE);
		return;
	}
	if (dir->volume && !volume_is_listed(dir->volume)) {
		serve_volume_list(dir->volume, req, ino, size, offset, fi, plus);
		return;
	}
	buffer = scratch_get(&list.daemon->listing, size);
	if (!buffer) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	list.at = buffer;
	if (list_dots(&list, &from, ino)) {
		if (dir->snapshot)
			list_snapshot(&list, dir, from);
		else if (dir->volume)
			list_volume(&list, dir, from);
		else if (ino == ROOT_ID)
			list_domains(&list, from);
	}
	if (list.failed && !list.used)
		fuse_reply_err(req, ENOMEM);
	else if (fuse_reply_buf(req, buffer, list.used))
		list_undo(&list);
}

void serve_readdir(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	serve_list(req, ino, size, offset, fi, false);
}

void serve_readdirplus(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	serve_list(req, ino, size, offset, fi, true);
}
