/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { CHUNK = 1 << 18 };

static int check_free(const struct target *target, struct err *err)
{
	struct stat st;

	for (size_t i = 0; i < target->n && !target->force; i++) {
		const char *name = target->files[i].name;

		if (!fstatat(target->folder, name, &st, AT_SYMLINK_NOFOLLOW))
			return err_set(err, EEXIST, "%s/%s exists; --force replaces it",
				target->path, name);
	}
	return 0;
}

int target_open(struct target *target, const char *path, bool force, const char *const *names,
	size_t n, struct err *err)
{
	*target = (struct target){.path = path, .folder = -1, .force = force, .n = n};
	for (size_t i = 0; i < n; i++)
		target->files[i] = (struct target_file){.name = names[i], .fd = -1};
	target->made = mkdir(path, 0777) == 0;
	target->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target->folder < 0)
		return err_set(err, errno, "%s: %m", path);
	return check_free(target, err);
}

/* A file without a name; where the file system knows none, one that begins with a dot. */
static int create(const struct target *target, struct target_file *file)
{
	file->fd = openat(target->folder, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
	if (file->fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return file->fd < 0 ? -errno : 0;
	snprintf(file->temp, sizeof(file->temp), ".bootfs-%s.%d", file->name, (int)getpid());
	file->fd =
		openat(target->folder, file->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file->fd >= 0)
		return 0;
	file->temp[0] = '\0';
	return -errno;
}

static int write_all(int fd, const char *at, size_t len)
{
	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* As long as its size says: a file that ends earlier is half a file. */
static int copy(
	const struct target *target, const struct target_file *file, int from, struct err *err)
{
	char buffer[CHUNK];
	off_t total = 0;
	struct stat st;
	ssize_t n = 0;

	if (fstat(from, &st))
		return err_set(err, errno, "cannot read the %s: %m", file->name);
	while ((n = read(from, buffer, CHUNK)) > 0) {
		int r = write_all(file->fd, buffer, (size_t)n);

		errno = -r;
		if (r)
			return err_set(
				err, -r, "%s: cannot write the %s: %m", target->path, file->name);
		total += n;
	}
	if (n < 0)
		return err_set(err, errno == ENOENT ? EIO : errno, "cannot read the %s: %m%s",
			file->name, errno == EIO ? " (the disk may have changed: try again)" : "");
	return total == st.st_size ? 0 : err_set(err, EIO, "the %s ends too early", file->name);
}

int target_add(struct target *target, const char *name, int from, struct err *err)
{
	struct target_file *file = target->files;
	int r;

	while (strcmp(file->name, name) != 0)
		file++;
	r = create(target, file);
	errno = -r;
	if (r)
		return err_set(err, -r, "%s: cannot make a file: %m", target->path);
	if (copy(target, file, from, err))
		return -err->code;
	return fsync(file->fd) ? err_set(err, errno, "%s/%s: %m", target->path, name) : 0;
}

/* Gives a file without a name one, so that it can take another's place. */
static int name_it(const struct target *target, struct target_file *file, const char *name)
{
	char path[64];

	if (file->temp[0])
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	return linkat(AT_FDCWD, path, target->folder, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

/* By its number: musl has no renameat2(), and <linux/fs.h> clashes with the C library's headers. */
static int rename_in(int folder, const char *from, const char *to, bool replace)
{
	const unsigned noreplace = 1; /* RENAME_NOREPLACE, Linux: include/uapi/linux/fs.h */

	return (int)syscall(SYS_renameat2, folder, from, folder, to, replace ? 0 : noreplace);
}

static int publish(const struct target *target, struct target_file *file)
{
	char temp[sizeof(file->temp)];
	int r;

	if (!target->force && !file->temp[0])
		return name_it(target, file, file->name);
	snprintf(temp, sizeof(temp), ".bootfs-%s.%d", file->name, (int)getpid());
	r = name_it(target, file, temp);
	if (r)
		return r;
	memcpy(file->temp, temp, sizeof(temp));
	if (rename_in(target->folder, temp, file->name, target->force))
		return -errno;
	file->temp[0] = '\0';
	return 0;
}

int target_publish(struct target *target, struct err *err)
{
	for (size_t i = 0; i < target->n; i++) {
		struct target_file *file = &target->files[i];
		int r;

		if (file->fd < 0) {
			if (target->force)
				unlinkat(target->folder, file->name, 0);
			continue;
		}
		r = publish(target, file);
		errno = -r;
		if (r)
			return err_set(err, -r, "%s/%s: %m", target->path, file->name);
		file->published = true;
	}
	target->done = true;
	return 0;
}

void target_close(struct target *target)
{
	for (size_t i = 0; i < target->n; i++) {
		struct target_file *file = &target->files[i];

		if (file->temp[0])
			unlinkat(target->folder, file->temp, 0);
		if (file->published && !target->done)
			unlinkat(target->folder, file->name, 0);
		cleanup_close(&file->fd);
	}
	cleanup_close(&target->folder);
	if (target->made && !target->done)
		rmdir(target->path);
}
