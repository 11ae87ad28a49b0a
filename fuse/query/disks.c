/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/query/disks.h"

#include "core/nbd_url.h"
#include "core/statx.h"
#include "ask/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>

/* Bytes for paths and reasons of one set of disks; a bound for the administrator's mistakes. */
enum { DISKS_MEMORY = 1024 * 1024 };

struct disks *disks_new(uint32_t n)
{
	struct disks *disks = calloc(1, sizeof(*disks) + n * sizeof(struct disk));

	if (!disks)
		return NULL;
	arena_init(&disks->arena, DISKS_MEMORY);
	disks->n = n;
	for (uint32_t i = 0; i < MAX_DISKS; i++)
		disks->fds[i] = disks->child_fds[i] = -1;
	return disks;
}

static void disk_close(struct disks *disks, uint32_t index)
{
	struct disk *disk = &disks->disk[index];

	cleanup_close(&disks->fds[index]);
	cleanup_close(&disks->child_fds[index]);
	disks->fds[index] = disks->child_fds[index] = -1;
	for (uint32_t i = 1; i < disk->image.n_layers; i++) {
		cleanup_close(&disk->layers[i].fd);
		disk->layers[i].fd = -1;
	}
	disk->open = false;
}

void disks_free(struct disks *disks)
{
	if (!disks)
		return;
	disks_close(disks);
	arena_done(&disks->arena);
	free(disks);
}

void disks_close(struct disks *disks)
{
	for (uint32_t i = 0; i < disks->n; i++)
		disk_close(disks, i);
	disks->n_open = 0;
}

struct text disks_subject(const struct disks *disks)
{
	if (disks->how.domain.len || !disks->n)
		return disks->how.domain;
	return disks->disk[0].path;
}

int disks_set(struct disks *disks, uint32_t index, struct text path, struct text vdev,
	uint32_t partition, struct text problem)
{
	struct disk *disk = &disks->disk[index];

	disk->opened.sector_size = 512;
	disk->partition = partition;
	if (arena_text(&disks->arena, path, &disk->path) ||
		arena_text(&disks->arena, vdev, &disk->vdev) ||
		arena_text(&disks->arena, problem, &disk->problem))
		return -ENOMEM;
	return 0;
}

/* A remote disk has no inode: what tells it from another is its URL. */
static void set_url(struct disk *disk)
{
	disk->is_image = true;
	disk->image.url = disk->path;
	disk->stamp = (struct disk_stamp){.ino = 1};
	for (size_t i = 0; i < disk->path.len; i++)
		disk->stamp.ino = disk->stamp.ino * 31 + (unsigned char)disk->path.at[i];
}

int disks_set_layers(struct disks *disks, uint32_t index, const struct disk_layer *layers, int n)
{
	struct disk *disk = &disks->disk[index];

	if (n < 0)
		return arena_printf(&disks->arena, &disk->problem,
			"%s: more than %d images, each the backing of another: see the [image] "
			"sections of bootfs.conf",
			disk->path.at, MAX_IMAGE_LAYERS);
	if (is_url(disk->path)) {
		set_url(disk);
		return 0;
	}
	disk->is_image = n > 0;
	disk->image.layers = disk->layers;
	disk->image.n_layers = (uint32_t)n;
	for (int i = 0; i < n; i++)
		disk->layers[i].fd = -1;
	for (int i = 0; i < n; i++) {
		if (arena_text(&disks->arena, layers[i].path, &disk->layers[i].path) ||
			arena_text(
				&disks->arena, text_of(layers[i].format), &disk->layers[i].format))
			return -ENOMEM;
	}
	return 0;
}

int disks_set_how(struct disks *disks, const struct how *how)
{
	struct how *ret = &disks->how;
	struct text *texts[] = {&ret->domain, &ret->platform, &ret->flavour, &ret->policy.entry,
		&ret->policy.args, &ret->policy.config, &ret->policy.kernel, &ret->policy.ramdisk};

	*ret = *how;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (arena_text(&disks->arena, *texts[i], texts[i]))
			return -ENOMEM;
	}
	return 0;
}

void disks_question(const struct disks *disks, struct question *question)
{
	const struct how *how = &disks->how;

	*question = (struct question){
		.kind = how->only_config ? QUESTION_CONFIG : QUESTION_MENU,
		.n_disks = disks->n,
		.offset = how->offset,
		.domain = how->domain,
		.platform = how->platform,
		.flavour = how->flavour,
		.ignore_one_shot = how->ignore_one_shot,
		.policy = how->policy,
		.limits = how->limits,
	};
	for (uint32_t i = 0; i < disks->n; i++) {
		question->disks[i] = disks->disk[i].opened;
		question->disks[i].fd = disks->child_fds[i];
		question->disks[i].path = disks->disk[i].path;
		question->disks[i].vdev = disks->disk[i].vdev;
		question->disks[i].partition = disks->disk[i].partition;
		if (disks->disk[i].is_image && disks->disk[i].open)
			question->disks[i].image = &disks->disk[i].image;
	}
}

static struct timespec time_of(struct statx_timestamp time)
{
	return (struct timespec){.tv_sec = time.tv_sec, .tv_nsec = time.tv_nsec};
}

/* Old containers refuse statx(); then a file has no time of birth. */
static int stamp_without_birth(int folder_fd, const char *path, struct disk_stamp *ret)
{
	struct stat now;

	if (fstatat(folder_fd, path, &now, AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -errno;
	*ret = (struct disk_stamp){.dev = now.st_dev, .ino = now.st_ino};
	if (S_ISBLK(now.st_mode)) {
		ret->rdev = now.st_rdev;
		return 0;
	}
	ret->regular = true;
	ret->size = (uint64_t)now.st_size;
	ret->links = (uint32_t)now.st_nlink;
	ret->mtime = now.st_mtim;
	ret->ctime = ret->born = now.st_ctim;
	return S_ISREG(now.st_mode) ? 0 : -EINVAL;
}

int disk_stamp_read(int folder_fd, const char *path, struct disk_stamp *ret)
{
	const int flags = AT_EMPTY_PATH | AT_NO_AUTOMOUNT;
	struct statx now;

	if (statx(folder_fd, path, flags, STATX_BASIC_STATS | STATX_BTIME, &now))
		return errno == EPERM ? stamp_without_birth(folder_fd, path, ret) : -errno;
	*ret = (struct disk_stamp){
		.dev = makedev(now.stx_dev_major, now.stx_dev_minor),
		.ino = now.stx_ino,
	};
	if (S_ISBLK(now.stx_mode)) {
		ret->rdev = makedev(now.stx_rdev_major, now.stx_rdev_minor);
		return 0;
	}
	ret->regular = true;
	ret->size = now.stx_size;
	ret->links = now.stx_nlink;
	ret->mtime = time_of(now.stx_mtime);
	ret->ctime = time_of(now.stx_ctime);
	ret->born = now.stx_mask & STATX_BTIME ? time_of(now.stx_btime) : ret->ctime;
	return S_ISREG(now.stx_mode) ? 0 : -EINVAL;
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool disk_is_same(const struct disk_stamp *a, const struct disk_stamp *b)
{
	if (a->regular != b->regular)
		return false;
	if (!a->regular)
		return a->rdev == b->rdev;
	return a->dev == b->dev && a->ino == b->ino && same_time(a->born, b->born);
}

bool disks_are_same(const struct disks *a, const struct disks *b)
{
	if (!a || !b || a->n != b->n)
		return !a && !b;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct disk_stamp *one = &a->disk[i].stamp, *other = &b->disk[i].stamp;

		if (!disk_is_same(one, other) || one->dev != other->dev || one->ino != other->ino)
			return false;
	}
	return true;
}

bool disk_stamp_equal(const struct disk_stamp *a, const struct disk_stamp *b)
{
	/* A file that is renamed over or removed changes its ctime, but none of its bytes. */
	bool same_ctime = same_time(a->ctime, b->ctime) || a->links != b->links;

	return disk_is_same(a, b) && a->size == b->size && same_time(a->mtime, b->mtime) &&
	       same_ctime;
}

uint64_t disk_key(const struct disk_stamp *stamp)
{
	uint64_t key = stamp->rdev;

	if (stamp->regular)
		key = stamp->dev * 0x9e3779b97f4a7c15u + stamp->ino;
	return key ? key : 1;
}

/* What backs an image, for children only. */
static int layers_open(struct disk *disk, int child_fd, struct err *err)
{
	struct image_layer *layers = disk->layers;

	for (uint32_t i = 1; i < disk->image.n_layers; i++) {
		struct question_disk file;
		int r = ask_open_disk(layers[i].path.at, &file, err);

		if (r)
			return err_prefix(err, "%s: its backing image", disk->path.at);
		layers[i].fd = file.fd;
		layers[i].size = file.size;
	}
	if (disk->image.n_layers) {
		layers[0].fd = child_fd;
		layers[0].size = disk->opened.size;
	}
	return 0;
}

static int file_open(struct disks *disks, uint32_t index, struct err *err)
{
	struct disk *disk = &disks->disk[index];
	int r = ask_open_disk(disk->path.at, &disk->opened, err);

	if (r)
		return r;
	disks->fds[index] = disk->opened.fd;
	r = disk_stamp_read(disks->fds[index], "", &disk->stamp);
	if (r)
		return err_set(err, -r, "%s: cannot stat: %s", disk->path.at, strerror(-r));
	disks->child_fds[index] = ask_reopen_disk(disks->fds[index]);
	if (disks->child_fds[index] < 0)
		return err_set(err, errno, "%s: cannot be opened again: %m", disk->path.at);
	return 0;
}

/* -errno with err; what is open by then is closed by the caller. */
static int disk_try(struct disks *disks, uint32_t index, struct err *err)
{
	struct disk *disk = &disks->disk[index];
	int r = 0;

	if (!disk->image.url.len && disks->fds[index] < 0)
		r = file_open(disks, index, err);
	return r ? r : layers_open(disk, disks->child_fds[index], err);
}

static void disk_open(struct disks *disks, uint32_t index)
{
	struct disk *disk = &disks->disk[index];
	struct err err = {0};

	if (!disk_try(disks, index, &err)) {
		disk->open = true;
		disks->n_open++;
		return;
	}
	disk_close(disks, index);
	disk->opened = (struct question_disk){.sector_size = 512};
	if (arena_text(&disks->arena, text_of(err.text), &disk->problem))
		disk->problem = TEXT("cannot open, and no memory to say why");
}

void disks_open(struct disks *disks)
{
	for (uint32_t i = 0; i < disks->n; i++) {
		if (!disks->disk[i].open && !disks->disk[i].problem.len)
			disk_open(disks, i);
	}
}

bool disks_differ(const struct disks *before, const struct disks *now)
{
	for (uint32_t i = 0; i < now->n && i < before->n; i++) {
		if (now->disk[i].stamp.regular &&
			!disk_stamp_equal(&before->disk[i].stamp, &now->disk[i].stamp))
			return true;
	}
	return before->n != now->n;
}

bool disks_unchanged(const struct disks *before, const struct disks *now)
{
	if (before->n != now->n)
		return false;
	for (uint32_t i = 0; i < now->n; i++) {
		const struct disk *old = &before->disk[i], *new = &now->disk[i];

		/* What backs an image has no stamp. */
		if (new->problem.len || old->problem.len || !new->stamp.regular ||
			new->image.n_layers > 1 || !text_equal(old->path, new->path) ||
			!disk_stamp_equal(&old->stamp, &new->stamp))
			return false;
	}
	return true;
}
