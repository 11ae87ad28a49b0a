/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/pygrub_child.h"

#include "core/descriptors.h"
#include "core/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* A folder that every Linux has and that pygrub does not need. */
#define OUTPUT_FOLDER "/proc/driver"

enum {
	MAX_FILE_BYTES = 1 << 30,
	MAX_MEMORY_BYTES = 0x7fffffff,
};

/* Where it stopped; seen as pygrub's own words. */
static void fail(const char *what)
{
	dprintf(STDERR_FILENO, "bootfs: cannot confine pygrub: %s: %m\n", what);
	_exit(126);
}

/* All that is mounted becomes read-only here, then the one folder for the answer is put in. */
static void confine_files(int folder)
{
	/* In a plain chroot "/" is no mount point: there the parent of our folder must do. */
	(void)mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
	if (kernel_mount_attributes("/", true, MS_RDONLY | MS_NOSUID) && errno != EINVAL)
		fail(errno == ENOSYS ? "read-only mounts (needs Linux 5.12)" : "read-only mounts");
	if (mount(NULL, "/proc", NULL, MS_REC | MS_PRIVATE, NULL) ||
		kernel_move_mount(folder, OUTPUT_FOLDER))
		fail("its output folder");
}

static void limit(int what, rlim_t most)
{
	const struct rlimit limit = {most, most};

	kernel_limit(what, &limit, NULL);
}

static void confine_resources(const struct pygrub_settings *settings)
{
	limit(RLIMIT_FSIZE, MAX_FILE_BYTES);
	limit(RLIMIT_AS, MAX_MEMORY_BYTES);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, settings->timeout_ms / 1000 + 1);
}

/* Of root's rights it keeps the one to read: it opens the disk by itself, as a user. */
static void confine_rights(const struct pygrub_settings *settings)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {0};
	const unsigned uid = settings->uid, gid = settings->gid;
	struct __user_cap_data_struct *low = &sets[CAP_TO_INDEX(CAP_DAC_READ_SEARCH)];

	low->permitted = low->effective = low->inheritable = CAP_TO_MASK(CAP_DAC_READ_SEARCH);
	for (unsigned i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
		if (i != CAP_DAC_READ_SEARCH)
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	}
	/*
	 * Not the C library's calls: they would wait for threads that are our parent's. Without
	 * the secure bit access(2), which pygrub's library asks, forgets the right to read.
	 */
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) ||
		syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, gid, gid, gid) ||
		syscall(SYS_setresuid, uid, uid, uid) || syscall(SYS_capset, &head, sets) ||
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0) ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fail("its user and rights");
}

void pygrub_child(
	const struct pygrub_settings *settings, const char *disk, int folder, int out, int said)
{
	static char quiet[] = "-q", form[] = "--output-format=simple0",
		    to[] = "--output-directory=" OUTPUT_FOLDER, end[] = "--",
		    path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", language[] = "LC_ALL=C.UTF-8",
		    home[] = "HOME=/", bytecode[] = "PYTHONDONTWRITEBYTECODE=1";
	/* execve() takes no const. */
	char *argv[] = {(char *)(uintptr_t)settings->path, quiet, form, to, end,
		(char *)(uintptr_t)disk, NULL};
	char *envp[] = {path, language, home, bytecode, NULL};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(said, STDERR_FILENO);
	/* On the terminal of who started us it could type for him (TIOCSTI). */
	if (setsid() < 0)
		fail("its session");
	confine_files(folder);
	descriptors_close_on_exec(STDERR_FILENO + 1);
	confine_resources(settings);
	confine_rights(settings);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(argv[0], argv, envp);
	fail(argv[0]);
	_exit(126);
}
