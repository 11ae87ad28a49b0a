/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/mount.h"

#include "core/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#define FUSE_TYPE "fuse.bootfs"

enum { PROBE_MS = 3000 };

int mount_probe(const char *path, int timeout_ms)
{
	struct pollfd dead = {.events = POLLIN};
	siginfo_t info = {0};
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (child == 0) {
		struct statfs stat;

		_exit(statfs(path, &stat) ? errno : 0);
	}
	dead.fd = kernel_pidfd_open(child);
	if (dead.fd < 0 || poll(&dead, 1, timeout_ms) <= 0) {
		kill(child, SIGKILL);
		info.si_status = ETIMEDOUT;
	} else {
		waitid(P_PID, (id_t)child, &info, WEXITED);
	}
	cleanup_close(&dead.fd);
	return -info.si_status;
}

/* The absolute path without links; its last component may be missing. */
static int resolve(const char *path, char *ret, struct err *err)
{
	char parent[PATH_MAX];
	const char *name = strrchr(path, '/');
	size_t len;

	if (realpath(path, ret))
		return 0;
	if (errno != ENOENT)
		return err_set(err, errno, "%s: %m", path);
	snprintf(parent, sizeof(parent), "%.*s/", name ? (int)(name - path) : 1, name ? path : ".");
	name = name ? name + 1 : path;
	if (!*name || !realpath(parent, ret))
		return err_set(err, ENOENT, "%s: the folder that it would lie in is missing", path);
	len = strlen(ret);
	if (len == 1)
		len = 0; /* "/" ends in the slash already */
	if (len + strlen(name) + 2 > PATH_MAX)
		return err_set(err, ENAMETOOLONG, "%s: too long", path);
	snprintf(ret + len, PATH_MAX - len, "/%s", name);
	return 0;
}

/* Detaches dead bootfs mounts, one after the other. */
static int take_stale_away(const char *path, struct err *err)
{
	struct mounted found;
	int r;

	for (;;) {
		r = mounted_on(path, &found, err);
		if (r || strcmp(found.type, FUSE_TYPE) != 0)
			return r;
		r = mount_probe(path, PROBE_MS);
		if (r == 0)
			return err_set(err, EBUSY, "%s: a bootfs is mounted there already", path);
		if (r != -ENOTCONN && r != -ECONNABORTED)
			return err_set(err, EBUSY,
				"%s: a bootfs is mounted there that does not answer: %s", path,
				strerror(-r));
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW))
			return err_set(err, errno,
				"%s: a dead bootfs mount there cannot be taken away: %m", path);
	}
}

static int make_folder(struct mount *mount, struct err *err)
{
	struct stat found;

	if (stat(mount->path, &found) == 0) {
		if (S_ISDIR(found.st_mode))
			return 0;
		return err_set(err, ENOTDIR, "%s: not a folder", mount->path);
	}
	if (errno != ENOENT || mkdir(mount->path, 0755))
		return err_set(err, errno, "%s: cannot be made: %m", mount->path);
	mount->made = true;
	return 0;
}

static int check_empty(const char *path, struct err *err)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool empty = true;

	if (!dir)
		return err_set(err, errno, "%s: cannot be looked into: %m", path);
	while (empty && (entry = readdir(dir)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	closedir(dir);
	return empty ? 0
		     : err_set(err, ENOTEMPTY,
			       "%s: not empty; name an empty folder, or one to be made", path);
}

static int open_fuse(struct mount *mount, struct err *err)
{
	mount->fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (mount->fuse_fd >= 0)
		return 0;
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		return err_set(err, errno, "/dev/fuse is missing: try modprobe fuse");
	return err_set(err, errno, "/dev/fuse: cannot be opened: %m");
}

static int do_mount(struct mount *m, struct err *err)
{
	char options[128];
	int r;

	snprintf(options, sizeof(options),
		"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions",
		m->fuse_fd);
	if (mount(m->source ? m->source : "bootfs", m->path, FUSE_TYPE,
		    MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, options))
		return err_set(err, errno, "%s: cannot mount: %m", m->path);
	r = mounted_on(m->path, &m->here, err);
	if (r)
		umount2(m->path, MNT_DETACH);
	return r;
}

int mount_start(struct mount *mount, const char *path, struct err *err)
{
	int r;

	mount->made = false;
	mount->fuse_fd = -1;
	r = resolve(path, mount->path, err);
	if (!r)
		r = take_stale_away(mount->path, err);
	if (!r)
		r = make_folder(mount, err);
	if (!r)
		r = check_empty(mount->path, err);
	if (!r)
		r = open_fuse(mount, err);
	if (!r)
		r = do_mount(mount, err);
	if (!r)
		return 0;
	if (mount->made)
		rmdir(mount->path);
	cleanup_close(&mount->fuse_fd);
	return r;
}

void mount_end(struct mount *mount)
{
	struct mounted found;

	if (mounted_on(mount->path, &found, NULL) == 0 && found.id == mount->here.id)
		umount2(mount->path, MNT_DETACH | UMOUNT_NOFOLLOW);
	if (mount->made)
		rmdir(mount->path);
}
