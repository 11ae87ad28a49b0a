/* Opens and measures the disks of a question. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* ---- what to do about a path that is not there ---------------------------------------------- */

/* Folders of /dev that are no volume groups. */
static bool is_volume_group(struct text name)
{
	static const char *const others[] = {"block", "bsg", "bus", "char", "cpu", "disk", "dm",
		"dri", "drbd", "fd", "input", "loop", "mapper", "md", "nbd", "net", "pts", "rbd",
		"shm", "snd", "vfio", "xen", "zvol"};

	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		if (text_is(name, others[i]))
			return false;
	}
	return name.len > 0;
}

/*
 * "vg0-mail" of /dev/mapper into its two names, joined by a slash in `out`: a single dash parts
 * them, a double one is a dash.
 */
static bool mapper_names(struct text name, char *out, size_t size)
{
	size_t used = 0;
	bool parted = false;

	for (size_t i = 0; i < name.len && used + 1 < size; i++) {
		char c = name.at[i];

		if (c == '-' && i + 1 < name.len && name.at[i + 1] == '-') {
			i++;
		} else if (c == '-') {
			if (parted)
				return false;
			parted = true;
			c = '/';
		}
		out[used++] = c;
	}
	out[used] = '\0';
	return parted;
}

/* The logical volume "VG/LV" that the path would be; false where it would be none. */
static bool logical_volume(const char *path, char *out, size_t size)
{
	struct text rest = text_of(path), group;

	if (!text_starts(rest, TEXT("/dev/")))
		return false;
	rest = text_skip(rest, strlen("/dev/"));
	if (!text_cut(&rest, '/', &group) || !rest.len || text_find(rest, '/') < rest.len)
		return false;
	if (text_is(group, "mapper"))
		return mapper_names(rest, out, size);
	snprintf(out, size, "%.*s/%.*s", TEXT_ARG(group), TEXT_ARG(rest));
	return is_volume_group(group);
}

static int cannot_open(const char *path, int error, struct err *err)
{
	char volume[200];

	if (error == ENOENT && logical_volume(path, volume, sizeof(volume)))
		return err_set(err, error,
			"%s: cannot open: %s; logical volume not active? try: lvchange -ay %s",
			path, strerror(error), volume);
	if ((error == EACCES || error == EPERM) && geteuid() != 0)
		return err_set(
			err, error, "%s: cannot open: %s; try as root", path, strerror(error));
	return err_set(err, error, "%s: cannot open: %s", path, strerror(error));
}

/* ---- opening -------------------------------------------------------------------------------- */

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a folder";
	case S_IFCHR:
		return "a character device";
	case S_IFIFO:
		return "a fifo";
	case S_IFSOCK:
		return "a socket";
	default:
		return "something else";
	}
}

static int measure_device(const char *path, struct question_disk *disk, struct err *err)
{
	uint64_t size;
	int sector;

	if (ioctl(disk->fd, BLKGETSIZE64, &size) < 0 || ioctl(disk->fd, BLKSSZGET, &sector) < 0)
		return err_set(err, errno, "%s: cannot be measured: %s", path, strerror(errno));
	disk->size = size;
	if (sector >= 512 && sector <= 4096 && (sector & (sector - 1)) == 0)
		disk->sector_size = (uint32_t)sector;
	/* The guest writes past our page cache; what we read must be what is there now. */
	(void)posix_fadvise(disk->fd, 0, 0, POSIX_FADV_DONTNEED);
	return 0;
}

int ask_measure_disk(const char *path, int fd, struct question_disk *disk, struct err *err)
{
	struct stat stat;
	int r = 0;

	if (fstat(fd, &stat) < 0)
		return err_set(err, errno, "%s: %s", path, strerror(errno));
	disk->fd = fd;
	disk->path = text_of(path);
	disk->size = 0;
	disk->sector_size = 512;
	disk->device = disk->file_device = disk->inode = 0;
	if (S_ISBLK(stat.st_mode)) {
		disk->device = stat.st_rdev;
		r = measure_device(path, disk, err);
	} else if (S_ISREG(stat.st_mode)) {
		disk->file_device = stat.st_dev;
		disk->inode = stat.st_ino;
		disk->size = (uint64_t)stat.st_size;
	} else {
		return err_set(err, S_ISDIR(stat.st_mode) ? EISDIR : EINVAL,
			"%s: %s, neither a disk image nor a block device", path,
			kind_of(stat.st_mode));
	}
	if (r == 0 && !disk->size)
		return err_set(err, EINVAL, "%s: empty, 0 bytes", path);
	return r;
}

int ask_open_disk(const char *path, struct question_disk *disk, struct err *err)
{
	_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return cannot_open(path, errno, err);
	r = ask_measure_disk(path, fd, disk, err);
	if (r < 0)
		disk->fd = -1;
	else
		steal_fd(&fd);
	return r;
}
