/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox/steps.h"

#include "core/kernel.h"
#include "model/inspection.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int failed(struct err *err, const char *what)
{
	return err_set(err, errno, "sandbox: %s: %s", what, strerror(errno));
}

/* ---- root ---------------------------------------------------------------------------------- */

int sandbox_make_private(void)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return 0;
	return errno == EINVAL ? mount(NULL, SANDBOX_ROOT, NULL, MS_PRIVATE, NULL) : -1;
}

int sandbox_pivot(uint32_t *gaps, struct err *err)
{
	if (chdir(SANDBOX_ROOT) < 0)
		return failed(err, "entering the new root");
	if (syscall(SYS_pivot_root, ".", ".") == 0) {
		if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
			return failed(err, "leaving the old root");
		return 0;
	}
	*gaps |= GAP_PIVOT;
	return chroot(".") < 0 ? failed(err, "chroot") : 0;
}

int sandbox_root(bool own_namespace, uint32_t *gaps, struct err *err)
{
	const unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (!own_namespace) {
		*gaps |= GAP_NAMESPACES | GAP_ROOT;
		return 0;
	}
	if (sandbox_make_private() == 0 &&
		mount("none", SANDBOX_ROOT, "tmpfs", flags, "size=4k,nr_inodes=1,mode=0555") == 0)
		return sandbox_pivot(gaps, err);
	if (errno != EPERM && errno != EACCES)
		return failed(err, "mounting an empty root");
	*gaps |= GAP_ROOT; /* a container's security module lets nobody mount */
	return 0;
}

/* ---- user and capabilities ----------------------------------------------------------------- */

static int drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}},
				      left[ARRAY_SIZE(none)];

	if (syscall(SYS_capset, &head, none) < 0 || syscall(SYS_capget, &head, left) < 0)
		return failed(err, "dropping capabilities");
	for (unsigned i = 0; i < ARRAY_SIZE(left); i++) {
		if (left[i].effective || left[i].permitted || left[i].inheritable) {
			errno = EPERM;
			return failed(err, "dropping capabilities");
		}
	}
	return 0;
}

int sandbox_change_user(uid_t uid, gid_t gid, struct err *err)
{
	uid_t u[3];
	gid_t g[3];

	if (uid == 0 || gid == 0 || gid == (gid_t)-1) {
		errno = EINVAL;
		return failed(err, "the inspector's user must not be root");
	}
	if (setgroups(0, NULL) < 0)
		return failed(err, "setgroups");
	if (setresgid(gid, gid, gid) < 0)
		return failed(err, "setresgid");
	if (setresuid(uid, uid, uid) < 0)
		return failed(err, "setresuid");
	if (getresuid(&u[0], &u[1], &u[2]) < 0 || getresgid(&g[0], &g[1], &g[2]) < 0)
		return failed(err, "getresuid");
	for (unsigned i = 0; i < ARRAY_SIZE(u); i++) {
		if (u[i] != uid || g[i] != gid) {
			errno = EPERM;
			return failed(err, "setresuid");
		}
	}
	return 0;
}

int sandbox_user(uid_t uid, gid_t gid, uint32_t *gaps, struct err *err)
{
	int r = 0;

	if (uid == (uid_t)-1)
		*gaps |= GAP_USER;
	else
		r = sandbox_change_user(uid, gid, err);
	return r < 0 ? r : drop_capabilities(err);
}

/* ---- parent, limits ------------------------------------------------------------------------ */

int sandbox_parent(int parent_fd, struct err *err)
{
	struct pollfd parent = {.fd = parent_fd, .events = POLLIN | POLLRDHUP};

	/* Others of this user must not look into us; setresuid() has cleared the death signal. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return failed(err, "prctl");
	if (parent_fd < 0)
		return 0;
	if (poll(&parent, 1, 0) != 0) {
		errno = EPIPE;
		return failed(err, "the asker is gone");
	}
	close(parent_fd);
	return 0;
}

int sandbox_limits(const struct sandbox_settings *settings, struct err *err)
{
	const struct {
		int resource;
		rlim_t value;
	} limits[] = {
		{RLIMIT_AS, settings->memory},
		{RLIMIT_CPU, settings->cpu_seconds},
		{RLIMIT_NOFILE, (rlim_t)(settings->keep_fds + settings->more_fds)},
		{RLIMIT_NPROC, 0},
		{RLIMIT_CORE, 0},
		{RLIMIT_MEMLOCK, 0},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(limits); i++) {
		struct rlimit now, limit = {limits[i].value, limits[i].value};

		if (kernel_limit(limits[i].resource, NULL, &now) < 0)
			return failed(err, "getrlimit");
		if (now.rlim_max < limit.rlim_max)
			limit.rlim_cur = limit.rlim_max = now.rlim_max;
		if (kernel_limit(limits[i].resource, &limit, NULL) < 0)
			return failed(err, "setrlimit");
	}
	return 0;
}

/* ---- Landlock ------------------------------------------------------------------------------ */

/* Every access to files that version 1 knows; later versions only add to what is forbidden. */
#define LANDLOCK_EVERYTHING ((1ULL << 13) - 1)

void sandbox_landlock(uint32_t *gaps)
{
	_close_ int ruleset = kernel_landlock_create(LANDLOCK_EVERYTHING);

	if (ruleset >= 0 && kernel_landlock_restrict(ruleset) == 0)
		return;
	if (errno == ENOSYS)
		*gaps |= GAP_LANDLOCK;
	else
		*gaps |= errno == EOPNOTSUPP ? GAP_LANDLOCK_OFF : GAP_LANDLOCK_REFUSED;
}
