/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "images/cage.h"

#include "core/kernel.h"
#include "images/calls.h"
#include "sandbox/steps.h"
#include "wire/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

static int failed(struct err *err, const char *what)
{
	bool refused = errno == EPERM || errno == EACCES || errno == ENOSYS;

	return err_set(err, errno, "QEMU's sandbox: %s: %s%s", what, strerror(errno),
		refused ? " (does a container refuse it? QEMU runs only in namespaces of its own)"
			: "");
}

/* ---- the disks as mounts --------------------------------------------------------------------- */

static bool same_file(int a, int b)
{
	struct stat one, other;

	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino && one.st_rdev == other.st_rdev;
}

/* What is open as a mount of that one file. -1 with errno. */
static int mount_of_open(int fd)
{
	return kernel_open_tree(fd, "");
}

/*
 * The same by its name, where the mount it was opened in is another namespace's: the file must be
 * the one that is open.
 */
static int mount_of_name(int fd)
{
	char link[40], path[PATH_MAX];
	_close_ int tree = -1;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return -1;
	path[n] = '\0';
	tree = kernel_open_tree(AT_FDCWD, path);
	if (tree >= 0 && !same_file(tree, fd)) {
		errno = ESTALE;
		return -1;
	}
	return tree < 0 ? -1 : steal_fd(&tree);
}

static int take_disks(struct cage *cage, int (*mount_of)(int fd), struct err *err)
{
	for (uint32_t i = 0; i < cage->n_disks; i++) {
		struct stat stat;

		cage->disks[i] = mount_of(SERVE_LAYERS + (int)i);
		if (cage->disks[i] < 0 || fstat(cage->disks[i], &stat) < 0)
			return failed(err, "taking the disk along");
		cage->device[i] = S_ISBLK(stat.st_mode);
	}
	return 0;
}

/* ---- namespaces ------------------------------------------------------------------------------ */

static int write_file(const char *path, const char *text)
{
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

/* An ordinary user may mount in a user namespace of its own, as itself. */
static int leave_as_user(struct err *err)
{
	char users[40], groups[40];

	snprintf(users, sizeof(users), "%u %u 1", geteuid(), geteuid());
	snprintf(groups, sizeof(groups), "%u %u 1", getegid(), getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) < 0 ||
		write_file("/proc/self/setgroups", "deny") < 0 ||
		write_file("/proc/self/uid_map", users) < 0 ||
		write_file("/proc/self/gid_map", groups) < 0)
		return failed(err, "no user namespace (try as root)");
	return 0;
}

/* Of threads: processes are not among the calls it has. The count is that of the whole user. */
static void lift_process_limit(void)
{
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

	(void)setrlimit(RLIMIT_NPROC, &none);
}

int cage_prepare(struct cage *cage, struct err *err)
{
	int r;

	cage->own_rights = geteuid() != 0;
	lift_process_limit();
	if (cage->own_rights) {
		r = leave_as_user(err);
		return r < 0 ? r : take_disks(cage, mount_of_name, err);
	}
	r = take_disks(cage, mount_of_open, err);
	if (r == 0 && unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
		return failed(err, "no namespaces");
	return r;
}

/* ---- the new root ---------------------------------------------------------------------------- */

/* Before Linux 5.12 flags are replaced: those that the mount has must be said again. */
static int add_flags(const char *path, unsigned long flags)
{
	const unsigned long kept = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
	struct statvfs now;

	if (kernel_mount_attributes(path, false, flags) == 0)
		return 0;
	if ((errno != ENOSYS && errno != EPERM) || statvfs(path, &now) < 0)
		return -1;
	return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | flags | (now.f_flag & kept), NULL);
}

/* Moves a mount, read-only, to a path of the new root. */
static int place(int tree, const char *path, unsigned long more_flags)
{
	if (kernel_move_mount(tree, path) < 0)
		return -1;
	return add_flags(path, MS_RDONLY | MS_NOSUID | more_flags);
}

/* A folder of libraries as it is here: itself, or the link that stands in its place. */
static int add_libraries(const char *path)
{
	char here[PATH_MAX], link[PATH_MAX];
	struct stat stat;
	_close_ int tree = -1;
	ssize_t n;

	snprintf(here, sizeof(here), SANDBOX_ROOT "%s", path);
	if (lstat(path, &stat) < 0)
		return errno == ENOENT ? 0 : -1;
	if (S_ISLNK(stat.st_mode)) {
		n = readlink(path, link, sizeof(link) - 1);
		if (n < 0)
			return -1;
		link[n] = '\0';
		return symlink(link, here);
	}
	tree = kernel_open_tree(AT_FDCWD, path);
	if (tree < 0 || mkdir(here, 0755) < 0)
		return -1;
	return place(tree, here, MS_NODEV);
}

static int add_all_libraries(void)
{
	static const char *const folders[] = {
		"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"};

	if (mkdir(SANDBOX_ROOT "/usr", 0755) < 0 || mkdir(SANDBOX_ROOT "/usr/local", 0755) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		if (add_libraries(folders[i]) < 0)
			return -1;
	}
	return 0;
}

static int add_disk(const struct cage *cage, uint32_t i)
{
	char here[60];
	_close_ int file = -1;

	snprintf(here, sizeof(here), SANDBOX_ROOT CAGE_DISKS "/%u", i);
	file = open(here, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (file < 0)
		return -1;
	return place(cage->disks[i], here, MS_NOEXEC | (cage->device[i] ? 0 : MS_NODEV));
}

static int make_root(const struct cage *cage, struct err *err)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	uint32_t gaps = 0;

	if (sandbox_make_private() < 0 ||
		mount("none", SANDBOX_ROOT, "tmpfs", flags, "size=64k,nr_inodes=64,mode=0755") < 0)
		return failed(err, "mounting a root");
	if (add_all_libraries() < 0)
		return failed(err, "the libraries");
	if (mkdir(SANDBOX_ROOT CAGE_DISKS, 0755) < 0)
		return failed(err, "the disks");
	for (uint32_t i = 0; i < cage->n_disks; i++) {
		if (add_disk(cage, i) < 0)
			return failed(err, "the disks");
	}
	if (mount(NULL, SANDBOX_ROOT, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) < 0)
		return failed(err, "a read-only root");
	return sandbox_pivot(&gaps, err);
}

/* ---- rights ---------------------------------------------------------------------------------- */

/*
 * The user who inspects may not read the disks, and QEMU cannot be handed descriptors of them:
 * the one right to read whatever there is goes with it, to where nothing else is.
 */
static int keep_reading(struct err *err)
{
	const uint32_t reading = 1u << CAP_DAC_READ_SEARCH;
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = {
		{.effective = reading, .permitted = reading, .inheritable = reading}};

	if (syscall(SYS_capset, &head, caps) < 0 ||
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0) < 0)
		return failed(err, "capabilities");
	return 0;
}

static int change_rights(const struct cage *cage, struct err *err)
{
	uint32_t gaps = 0;
	int r;

	if (cage->own_rights)
		return sandbox_user((uid_t)-1, (gid_t)-1, &gaps, err);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return failed(err, "capabilities");
	r = sandbox_change_user(cage->order->uid, cage->order->gid, err);
	return r < 0 ? r : keep_reading(err);
}

static int set_limits(const struct cage *cage, struct err *err)
{
	const struct {
		int resource;
		rlim_t value;
	} limits[] = {
		{RLIMIT_AS, cage->order->memory},
		{RLIMIT_CPU, cage->order->cpu_seconds},
		{RLIMIT_NOFILE, 64},
		{RLIMIT_FSIZE, 64 * 1024}, /* its log */
		{RLIMIT_CORE, 0},
		{RLIMIT_MEMLOCK, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit now, limit = {limits[i].value, limits[i].value};

		if (kernel_limit(limits[i].resource, NULL, &now) < 0)
			return failed(err, "limits");
		if (now.rlim_max < limit.rlim_max)
			limit.rlim_cur = limit.rlim_max = now.rlim_max;
		if (kernel_limit(limits[i].resource, &limit, NULL) < 0)
			return failed(err, "limits");
	}
	return 0;
}

int cage_enter(struct cage *cage, struct err *err)
{
	int r = make_root(cage, err);

	if (r == 0)
		r = change_rights(cage, err);
	if (r == 0)
		r = sandbox_parent(SERVE_LIFE, err);
	if (r == 0)
		r = set_limits(cage, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || calls_restrict() < 0)
		return failed(err, "system calls");
	return 0;
}
