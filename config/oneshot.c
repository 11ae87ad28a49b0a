/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/oneshot.h"

#include "config/config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>

/* Made together with the folder: its time is when our records begin. */
#define SINCE ".since"

enum { KEY_BYTES = 512 };

static void make_parents(const char *folder)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s", folder) >= sizeof(path))
		return;
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	mkdir(path, 0700);
}

/* The folder, writable and with the mark of its beginning; -errno. */
static int open_folder(const char *folder, struct err *err)
{
	_close_ int dir = -1, since = -1;

	make_parents(folder);
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_set(err, errno, "%s: %m", folder);
	if (faccessat(dir, ".", W_OK, AT_EACCESS))
		return err_set(err, errno, "%s: %m", folder);
	since = openat(dir, SINCE, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (since < 0)
		return err_set(err, errno, "%s/" SINCE ": %m", folder);
	return steal_fd(&dir);
}

/* The record's file name; NULL for a domain that cannot have one. */
static const char *record_name(struct text domain, char *name, size_t size)
{
	if (!domain.len || domain_name_fault(domain) || domain.len >= size)
		return NULL;
	memcpy(name, domain.at, domain.len);
	name[domain.len] = '\0';
	return name;
}

/* Is this key the one recorded? Without a record it is not. */
static bool is_recorded(int dir, const char *name, struct text key)
{
	char record[KEY_BYTES + 1];
	_close_ int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, record, sizeof(record));

	return len > 0 && text_equal(text_trim((struct text){record, (size_t)len}), key);
}

bool oneshot_fresh(
	const char *folder, struct text domain, struct text key, int64_t mtime_s, struct err *err)
{
	char buf[NAME_MAX + 1];
	const char *name = record_name(domain, buf, sizeof(buf));
	_close_ int dir = -1;
	struct stat since;

	if (!name || key.len > KEY_BYTES) {
		err_set(err, EINVAL, "the disk belongs to no configured domain");
		return false;
	}
	dir = open_folder(folder, err);
	if (dir < 0)
		return false;
	if (is_recorded(dir, name, key)) {
		err_set(err, EALREADY, "it was booted once already");
		return false;
	}
	if (fstatat(dir, SINCE, &since, AT_SYMLINK_NOFOLLOW) || mtime_s < since.st_mtime) {
		err_set(err, ESTALE, "it was set before bootfs came to this host");
		return false;
	}
	return true;
}

static int write_record(int dir, const char *name, struct text key)
{
	_close_ int fd =
		openat(dir, ".new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (write(fd, key.at, key.len) != (ssize_t)key.len || write(fd, "\n", 1) != 1 || fsync(fd))
		return -EIO;
	return renameat(dir, ".new", dir, name) ? -errno : 0;
}

int oneshot_record(const char *folder, struct text domain, struct text key, struct err *err)
{
	char buf[NAME_MAX + 1];
	const char *name = record_name(domain, buf, sizeof(buf));
	_close_ int dir = -1;
	int r;

	if (!name || !key.len || key.len > KEY_BYTES)
		return err_set(err, EINVAL, "no domain to record a one-shot entry for");
	dir = open_folder(folder, err);
	if (dir < 0)
		return dir;
	r = write_record(dir, name, key);
	return r ? err_set(err, -r, "%s/%s: cannot be written", folder, name) : 0;
}

void oneshot_tidy(
	const char *folder, bool (*known)(void *context, struct text domain), void *context)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.' && !known(context, text_of(entry->d_name)))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}
