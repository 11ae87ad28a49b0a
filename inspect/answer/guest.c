/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/guest.h"

#include "core/checked.h"
#include "core/hash.h"
#include "inspect/answer/nbd.h"

#include <errno.h>
#include <fcntl.h>

struct guest_volume {
	struct volume_info info; /* first: a pointer to it is one to all */
	struct volume *volume;
	struct guest_volume *next;
};

struct volume *guest_volume_of(const struct volume_info *info)
{
	return ((const struct guest_volume *)info)->volume;
}

static void describe(const struct volume *volume, struct volume_info *info)
{
	*info = (struct volume_info){
		.name = volume->name,
		.disk_name = volume->disk_name,
		.fs_name = volume->fs_name,
		.uuid = volume->uuid,
		.label = volume->label,
		.partmap = volume->partmap,
		.part_uuid = volume->part_uuid,
		.part_label = volume->part_label,
		.part_type = volume->part_type,
		.disk_uuid = volume->disk_uuid,
		.part_attributes = volume->part_attributes,
		.number = volume->number,
		.readable = volume->fs != NULL,
		.esp = volume->esp,
	};
}

static struct guest_volume *find_or_describe(struct guest *guest, struct volume *volume)
{
	struct guest_volume *at;

	for (at = guest->all; at; at = at->next) {
		if (at->volume == volume)
			return at;
	}
	at = arena_new(&guest->inspection->arena, struct guest_volume);
	if (!at)
		return NULL;
	describe(volume, &at->info);
	at->volume = volume;
	at->next = guest->all;
	guest->all = at;
	return at;
}

const struct volume_info *guest_info_of(struct guest *guest, struct volume *volume)
{
	struct guest_volume *found = find_or_describe(guest, volume);

	return found ? &found->info : NULL;
}

/* ---- the parsers' functions ---------------------------------------------------------------- */

static struct guest *guest_of(struct files *files)
{
	return files->context;
}

static const struct volume_info *op_volume(struct files *files, uint32_t index)
{
	struct guest *guest = guest_of(files);
	struct volume *volume;

	if (index >= guest->volumes.count)
		return NULL;
	volume = guest->volumes.at[index];
	/* Loopback files come and go: a place may hold another volume than last time. */
	if (!guest->infos[index] || guest->infos[index]->volume != volume)
		guest->infos[index] = find_or_describe(guest, volume);
	return guest->infos[index] ? &guest->infos[index]->info : NULL;
}

static const struct volume_info *op_find(struct files *files, struct text name)
{
	struct guest *guest = guest_of(files);
	struct volume *volume = volumes_find(&guest->volumes, name);

	return volume ? guest_info_of(guest, volume) : NULL;
}

uint64_t guest_identity(const struct volume *volume, const struct node *node)
{
	uint64_t hash = hash_text(HASH_START, volume->name);

	hash = hash_number(hash, node->ino);
	hash = hash_number(hash, node->generation);
	hash = hash_number(hash, (uint64_t)node->mtime_s);
	hash = hash_number(hash, (uint64_t)node->ctime_s);
	return hash_number(hash, node->size);
}

/* Nothing changes during an inspection, so what was found once is found again. */
static int walk(struct guest *guest, struct volume *volume, struct text path, struct node *ret)
{
	uint64_t hash = hash_number(hash_text(HASH_START, path), (uintptr_t)volume);
	struct guest_walk *last = &guest->walks[hash % WALKS];

	if (!volume->fs)
		return -ENOTSUP;
	if (path.len > WALK_PATH)
		return fs_walk(volume->fs, path, ret);
	if (last->volume != volume || !text_equal((struct text){last->path, last->len}, path)) {
		last->volume = volume;
		last->len = path.len;
		memcpy(last->path, path.len ? path.at : "", path.len);
		last->r = fs_walk(volume->fs, path, &last->node);
	}
	if (last->r == 0)
		*ret = last->node;
	return last->r;
}

int guest_look_up(struct guest *guest, struct text volume, struct text path,
	struct volume **ret_volume, struct node *ret)
{
	*ret_volume = volumes_find(&guest->volumes, volume);
	return *ret_volume ? walk(guest, *ret_volume, path, ret) : -ENODEV;
}

static int op_stat(struct files *files, const struct volume_info *info, struct text path,
	struct file_stat *ret)
{
	struct volume *volume = guest_volume_of(info);
	struct node node = {0};
	int r = walk(guest_of(files), volume, path, &node);

	if (r < 0)
		return r;
	*ret = (struct file_stat){
		.type = node.type == NODE_FILE     ? FILE_REGULAR
			: node.type == NODE_FOLDER ? FILE_FOLDER
						   : FILE_OTHER,
		.size = node.size,
		.mtime_s = node.mtime_s,
		.identity = guest_identity(volume, &node),
	};
	return 0;
}

/* Reads until `len` bytes are there; a file shorter than its size is -EIO. */
static int read_fully(
	struct fs *fs, const struct node *file, uint64_t offset, char *buf, size_t len)
{
	while (len) {
		ssize_t n = fs->ops->read(fs, file, offset, buf, len);

		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		buf += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static void note_read(struct guest_reads *reads, uint64_t identity)
{
	if (reads->count < MAX_READS)
		reads->identities[reads->count++] = identity;
}

bool reads_have(const struct guest_reads *reads, uint64_t identity)
{
	for (uint32_t i = 0; i < reads->count; i++) {
		if (reads->identities[i] == identity)
			return true;
	}
	return false;
}

static int op_read(struct files *files, const struct volume_info *info, struct text path,
	uint64_t offset, uint64_t max, struct text *ret)
{
	struct volume *volume = guest_volume_of(info);
	struct node node = {0};
	uint64_t len;
	char *buf;
	int r = walk(guest_of(files), volume, path, &node);

	if (r < 0)
		return r;
	if (node.type != NODE_FILE)
		return node.type == NODE_FOLDER ? -EISDIR : -EINVAL;
	note_read(&guest_of(files)->reads, guest_identity(volume, &node));
	len = offset < node.size ? min_u64(max, node.size - offset) : 0;
	if (len >= SIZE_MAX)
		return -EFBIG;
	buf = arena_alloc(files->arena, (size_t)len + 1);
	if (!buf)
		return -ENOMEM;
	r = read_fully(volume->fs, &node, offset, buf, (size_t)len);
	if (r < 0)
		arena_release(files->arena, buf);
	else
		*ret = (struct text){buf, (size_t)len};
	return r;
}

static int op_list(struct files *files, const struct volume_info *info, struct text path,
	files_visit *visit, void *context)
{
	struct volume *volume = guest_volume_of(info);
	struct node node = {0};
	int r = walk(guest_of(files), volume, path, &node);

	if (r < 0)
		return r;
	if (node.type != NODE_FOLDER)
		return -ENOTDIR;
	return volume->fs->ops->list(volume->fs, &node, visit, context);
}

static int op_loopback(struct files *files, struct text name, const struct volume_info *info,
	struct text path, bool remove)
{
	struct guest *guest = guest_of(files);
	struct err err = {0};
	int r;

	if (remove)
		return volumes_loopback_remove(&guest->volumes, name);
	r = volumes_loopback(&guest->volumes, name, guest_volume_of(info), path, &err);
	return r;
}

static const struct files_ops guest_ops = {
	.volume = op_volume,
	.find = op_find,
	.stat = op_stat,
	.read = op_read,
	.list = op_list,
	.loopback = op_loopback,
};

/* ---- open and close ------------------------------------------------------------------------ */

/* What the disks are asked for where nothing else is known: a Xen domain. */
static struct text platform_of(const struct question *question)
{
	bool known = question->platform.len && !text_is(question->platform, "auto");

	return known ? question->platform : TEXT("xen");
}

void guest_set_platform(struct guest *guest, struct text platform)
{
	guest->settings.platform = platform;
}

static struct parse_settings settings_of(const struct question *question)
{
	return (struct parse_settings){
		.platform = platform_of(question),
		.flavour = question->flavour,
		.ignore_one_shot = question->ignore_one_shot,
	};
}

static void report_image(struct guest *guest, const struct question_disk *asked)
{
	const struct image *image = asked->image;
	struct report *report = &guest->inspection->report;

	if (image->url.len)
		report_add(report, REPORT_NOTE, "%.*s: read over NBD", TEXT_ARG(asked->path));
	for (uint32_t i = 0; i < image->n_layers; i++)
		report_add(report, REPORT_NOTE, "%.*s: %s%.*s image, read by QEMU",
			TEXT_ARG(image->layers[i].path), i ? "backing " : "",
			TEXT_ARG(image->layers[i].format));
}

/* A disk that nobody serves is an empty one, and a warning. */
static struct blockdev open_served(struct guest *guest, uint32_t index)
{
	const struct question_disk *asked = &guest->question->disks[index];
	struct arena *arena = &guest->inspection->arena;
	struct blockdev dev = blockdev_on_memory("", 0);
	struct err err = {0};

	report_image(guest, asked);
	if (served_open(guest->question, index, arena, &dev, &err) < 0) {
		err_prefix(&err, "%.*s", TEXT_ARG(asked->path));
		report_add(&guest->inspection->report, REPORT_WARNING, "%s", err.text);
		if (!guest->not_served.code)
			guest->not_served = err;
	}
	guest->inspection->disks[index].size = dev.size;
	return dev;
}

static void fill_disks(struct guest *guest)
{
	const struct question *question = guest->question;

	for (uint32_t i = 0; i < question->n_disks; i++) {
		const struct question_disk *asked = &question->disks[i];

		guest->disks[i] = (struct disk){
			.dev = asked->image ? open_served(guest, i)
					    : blockdev_on_fd(asked->fd, i, asked->size,
						      asked->sector_size),
			.partition = asked->partition,
			.offset = i == 0 ? question->offset : 0,
			.device = asked->device,
			.path = asked->path,
			.vdev = asked->vdev,
		};
	}
}

static bool has_no_bytes(const struct guest *guest)
{
	for (uint32_t i = 0; i < guest->question->n_disks; i++) {
		if (guest->disks[i].dev.size)
			return false;
	}
	return true;
}

int guest_open(struct guest *guest, const struct question *question, struct inspection *inspection,
	struct err *err)
{
	*guest = (struct guest){
		.question = question,
		.inspection = inspection,
		.settings = settings_of(question),
	};
	guest->files = (struct files){
		.ops = &guest_ops,
		.arena = &inspection->arena,
		.report = &inspection->report,
		.limits = &question->limits,
		.settings = &guest->settings,
		.context = guest,
	};
	fill_disks(guest);
	if (guest->not_served.code && has_no_bytes(guest))
		return err_set(err, EIO, "%s", guest->not_served.text);
	return volumes_scan(&guest->volumes, &inspection->arena, &inspection->report, guest->disks,
		question->n_disks, err);
}

/* The guest writes past this host's page cache; what is read next must be what is there now. */
static void drop_caches(const struct guest *guest)
{
	for (uint32_t i = 0; i < guest->question->n_disks; i++) {
		const struct question_disk *asked = &guest->question->disks[i];

		if (asked->device && !asked->image)
			(void)posix_fadvise(asked->fd, 0, 0, POSIX_FADV_DONTNEED);
	}
}

bool guest_moved(struct guest *guest)
{
	bool moved = false;

	drop_caches(guest);
	for (uint32_t i = 0; i < guest->volumes.count && !moved; i++) {
		struct fs *fs = guest->volumes.at[i]->fs;

		/* One that cannot be read any more is not what was read. */
		moved = fs && fs->ops->changed && fs->ops->changed(fs) != 0;
	}
	if (moved)
		drop_caches(guest);
	return moved;
}

void guest_close(struct guest *guest)
{
	volumes_done(&guest->volumes);
}

/* ---- a bare configuration file ------------------------------------------------------------- */

static const struct volume_info *bare_volume(struct files *files, uint32_t index)
{
	struct bare_config *bare = files->context;

	return index == 0 ? &bare->volume : NULL;
}

static const struct volume_info *bare_find(struct files *files, struct text name)
{
	(void)name;
	return bare_volume(files, 0);
}

static int bare_stat(struct files *files, const struct volume_info *volume, struct text path,
	struct file_stat *ret)
{
	struct bare_config *bare = files->context;
	bool config = text_equal(path, bare->path);

	(void)volume;
	*ret = (struct file_stat){
		.type = FILE_REGULAR,
		.size = config ? bare->content.len : 0,
		.identity = hash_text(HASH_START, path),
	};
	return 0;
}

static int bare_read(struct files *files, const struct volume_info *volume, struct text path,
	uint64_t offset, uint64_t max, struct text *ret)
{
	struct bare_config *bare = files->context;

	(void)volume;
	if (!text_equal(path, bare->path))
		return -ENOENT;
	*ret = text_skip(bare->content, (size_t)min_u64(offset, SIZE_MAX));
	*ret = text_first(*ret, (size_t)min_u64(max, SIZE_MAX));
	return 0;
}

static int bare_list(struct files *files, const struct volume_info *volume, struct text path,
	files_visit *visit, void *context)
{
	struct bare_config *bare = files->context;
	struct text name = bare->path;

	(void)volume;
	if (!text_starts(name, path))
		return -ENOENT;
	name = text_skip(name, path.len);
	if (name.len && name.at[0] == '/')
		name = text_skip(name, 1);
	if (!name.len || text_find(name, '/') < name.len)
		return -ENOENT;
	return visit(context, name);
}

static const struct files_ops bare_ops = {
	.volume = bare_volume,
	.find = bare_find,
	.stat = bare_stat,
	.read = bare_read,
	.list = bare_list,
};

void bare_config_init(struct bare_config *bare, const struct question *question,
	struct inspection *inspection, struct text path, struct text content)
{
	*bare = (struct bare_config){
		.settings = settings_of(question),
		.volume = {.name = TEXT("hd0"), .disk_name = TEXT("hd0"), .readable = true},
		.path = path,
		.content = content,
	};
	bare->files = (struct files){
		.ops = &bare_ops,
		.arena = &inspection->arena,
		.report = &inspection->report,
		.limits = &question->limits,
		.settings = &bare->settings,
		.context = bare,
	};
}
