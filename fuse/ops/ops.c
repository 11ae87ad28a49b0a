/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/ops/ops.h"

#include "fuse/query/folder.h"
#include "fuse/ops/volume.h"

#include <errno.h>
#include <sys/stat.h>

void reply_place(fuse_req_t req, struct daemon *daemon, struct place *place, double timeout_s)
{
	struct fuse_entry_param entry = {
		.ino = place->id,
		.entry_timeout = timeout_s,
		.attr_timeout = place->folder || place_is_text_of_root(place) ? TIMEOUT_ROOT
									      : TIMEOUT_IMMUTABLE,
	};

	if (place_attr(daemon, place, &entry.attr)) {
		fuse_reply_err(req, ENOMEM);
		place_unused(place);
		return;
	}
	if (fuse_reply_entry(req, &entry) == 0)
		place_known(place);
	else
		place_unused(place);
}

static void lookup_in_snapshot(fuse_req_t req, struct daemon *daemon, struct snapshot *snapshot,
	struct node parent, const char *name, double timeout_s)
{
	struct place place;
	struct node node;

	snapshot_touch(snapshot);
	if (!tree_lookup(&snapshot->tree, parent, text_of(name), &node))
		fuse_reply_err(req, ENOENT);
	else if (place_of_node(daemon, snapshot, node, &place))
		fuse_reply_err(req, ENOMEM);
	else
		reply_place(req, daemon, &place, timeout_s);
}

/* A look-up in a domain's or disk's folder that waits for the answer. */
struct parked_lookup {
	struct parked parked;
	struct folder *folder;
	char name[];
};

static void lookup_in_answer(fuse_req_t req, struct folder *folder, const char *name)
{
	struct node parent = {.kind = NODE_FOLDER};

	if (!folder->snapshot || !snapshot_is_whole(folder->snapshot))
		fuse_reply_err(req, ESTALE);
	else
		lookup_in_snapshot(req, folder->daemon, folder->snapshot, parent, name,
			folder_fresh_s(folder));
}

static void lookup_resume(struct parked *parked, int error)
{
	struct parked_lookup *lookup = container_of(parked, struct parked_lookup, parked);

	if (error)
		fuse_reply_err(parked->req, error);
	else
		lookup_in_answer(parked->req, lookup->folder, lookup->name);
	free(lookup);
}

static void lookup_in_folder(fuse_req_t req, struct folder *folder, const char *name)
{
	struct parked_lookup *lookup;

	if (folder_is_fresh(folder)) {
		folder->daemon->stats.hits++;
		lookup_in_answer(req, folder, name);
		return;
	}
	lookup = calloc(1, sizeof(*lookup) + strlen(name) + 1);
	if (!lookup) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	lookup->parked = (struct parked){.req = req, .resume = lookup_resume};
	lookup->folder = folder;
	memcpy(lookup->name, name, strlen(name) + 1);
	parked_add(&folder->waiting, &lookup->parked);
	query_start(folder);
}

/* What lies in the root besides the domains; 0: nothing of that name. */
static uint32_t id_in_root(const struct daemon *daemon, const char *name)
{
	if (strcmp(name, ".status") == 0)
		return STATUS_ID;
	if (strcmp(name, ".stats") == 0)
		return STATS_ID;
	return strcmp(name, ".disk") == 0 && daemon->config->disk_paths ? DISKS_ID : 0;
}

/* Answered from memory alone: a look-up that waited here would stop every domain's. */
static void lookup_in_root(fuse_req_t req, struct daemon *daemon, const char *name)
{
	struct place place = {.id = id_in_root(daemon, name)};

	place.node = node_of(place.id);
	if (!place.id) {
		place.folder = folder_find(daemon, text_of(name));
		if (!place.folder) {
			fuse_reply_err(req, ENOENT);
			return;
		}
		place.node.kind = NODE_FOLDER;
		place.id = node_id(place.folder->owner.serial, place.node);
	}
	reply_place(req, daemon, &place, TIMEOUT_ROOT);
}

/* Paths mean what they mean in our own mount namespace, so only its root may name them. */
static bool may_name_paths(const struct daemon *daemon, const struct fuse_ctx *caller)
{
	char path[64];
	struct stat ns;

	if (caller->uid != 0 || caller->pid <= 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)caller->pid);
	return stat(path, &ns) == 0 && ns.st_dev == daemon->ns_dev && ns.st_ino == daemon->ns_ino;
}

static void lookup_disk(fuse_req_t req, struct daemon *daemon, const char *name)
{
	struct place place = {.node.kind = NODE_FOLDER};
	int r;

	if (!daemon->config->disk_paths || !may_name_paths(daemon, fuse_req_ctx(req))) {
		fuse_reply_err(req, EACCES);
		return;
	}
	r = folder_of_disk(daemon, text_of(name), fuse_req_ctx(req)->pid, &place.folder);
	if (r) {
		fuse_reply_err(req, r == -EINVAL ? ENOENT : -r);
		return;
	}
	place.id = node_id(place.folder->owner.serial, place.node);
	reply_place(req, daemon, &place, 0);
}

void serve_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct daemon *daemon = fuse_req_userdata(req);
	struct place place;

	shrink_if_many(&daemon->shrink);
	if (place_find(daemon, parent, &place))
		fuse_reply_err(req, ESTALE);
	else if (parent == ROOT_ID)
		lookup_in_root(req, daemon, name);
	else if (parent == DISKS_ID)
		lookup_disk(req, daemon, name);
	else if (place.folder)
		lookup_in_folder(req, place.folder, name);
	else if (place.volume)
		serve_volume_lookup(req, &place, name);
	else if (place.snapshot && node_type(place.node.kind) == TYPE_FOLDER)
		lookup_in_snapshot(req, daemon, place.snapshot, place.node, name,
			snapshot_timeout_s(place.snapshot));
	else
		fuse_reply_err(req, ENOTDIR);
}

static void owner_forgotten(struct owner *owner)
{
	switch (owner->kind) {
	case OWNER_FOLDER:
		folder_drop(container_of(owner, struct folder, owner));
		break;
	case OWNER_SNAPSHOT:
		snapshot_unref(container_of(owner, struct snapshot, owner));
		break;
	case OWNER_CONTENT:
		content_drop(container_of(owner, struct content_node, owner));
		break;
	case OWNER_VOLUME:
		volume_drop(container_of(owner, struct volume_folder, owner));
		break;
	}
}

static void forget(struct daemon *daemon, fuse_ino_t ino, uint64_t count)
{
	struct owner *owner = owner_find(&daemon->owners, node_owner(ino));

	if (owner && owner_forget(owner, count))
		owner_forgotten(owner);
}

void serve_forget_one(struct daemon *daemon, fuse_ino_t ino)
{
	forget(daemon, ino, 1);
}

static void serve_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
	forget(fuse_req_userdata(req), ino, count);
	fuse_reply_none(req);
}

static void serve_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		forget(fuse_req_userdata(req), forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

static void serve_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct daemon *daemon = fuse_req_userdata(req);
	struct place place;
	struct stat attr;

	(void)fi;
	if (place_find(daemon, ino, &place))
		fuse_reply_err(req, ESTALE);
	else if (place.volume && !volume_is_listed(place.volume) && place.node.kind != NODE_VOLUME)
		serve_volume_getattr(req, &place);
	else if (place_attr(daemon, &place, &attr))
		fuse_reply_err(req, ENOMEM);
	else
		fuse_reply_attr(req, &attr,
			place.snapshot || place.content || place.volume ? TIMEOUT_IMMUTABLE
									: TIMEOUT_ROOT);
}

static void serve_readlink(fuse_req_t req, fuse_ino_t ino)
{
	_strbuf_ struct strbuf target = {0};
	struct place place;

	if (place_find(fuse_req_userdata(req), ino, &place)) {
		fuse_reply_err(req, ESTALE);
		return;
	}
	if (place.volume) {
		serve_volume_readlink(req, &place);
		return;
	}
	if (!place.snapshot || node_type(place.node.kind) != TYPE_LINK) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	tree_render(&place.snapshot->tree, place.node, &target);
	if (target.failed)
		fuse_reply_err(req, ENOMEM);
	else
		fuse_reply_readlink(req, target.at);
}

static void serve_statfs(fuse_req_t req, fuse_ino_t ino)
{
	/* The names below .disk are paths: as long as FUSE takes them. */
	struct statvfs stat = {.f_bsize = 4096, .f_frsize = 4096, .f_namemax = 1024};

	(void)ino;
	fuse_reply_statfs(req, &stat);
}

static void serve_init(void *userdata, struct fuse_conn_info *connection)
{
	struct daemon *daemon = userdata;
	/* Copying through a buffer is faster here than splicing pipes: measured. */
	const unsigned splice = FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE;

	/* A reader that waits for asynchronous direct I/O cannot be killed. */
	connection->want &= ~(splice | FUSE_CAP_ASYNC_DIO);
	daemon->answering = true;
}

const struct fuse_lowlevel_ops serve_ops = {
	.init = serve_init,
	.lookup = serve_lookup,
	.forget = serve_forget,
	.forget_multi = serve_forget_multi,
	.getattr = serve_getattr,
	.readlink = serve_readlink,
	.statfs = serve_statfs,
	.opendir = serve_opendir,
	.readdir = serve_readdir,
	.readdirplus = serve_readdirplus,
	.releasedir = serve_releasedir,
	.ioctl = serve_ioctl,
	.open = serve_open,
	.read = serve_read,
	.release = serve_release,
};
