/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/pygrub_run.h"

#include "admin/pygrub_child.h"
#include "core/escape.h"
#include "core/kernel.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { ANSWER_BYTES = 1 << 20, SAID_BYTES = 1 << 16, SAID_SHOWN = 300 };

/* The package bootfs-pygrub-default makes that name ours, and Xen's pygrub pygrub.xen. */
static bool is_xens(const char *path)
{
	char real[PATH_MAX];
	const char *name = realpath(path, real) ? strrchr(real, '/') : NULL;

	return name && strcmp(name, "/bootfs-pygrub") != 0 && access(path, X_OK) == 0;
}

/* The last one in order of names: of several versions of Xen the newest. */
static bool find_matching(const char *pattern, char path[PATH_MAX])
{
	glob_t matches = {0};
	bool found = false;

	if (!glob(pattern, 0, NULL, &matches) && matches.gl_pathc) {
		snprintf(path, PATH_MAX, "%s", matches.gl_pathv[matches.gl_pathc - 1]);
		found = is_xens(path);
	}
	globfree(&matches);
	return found;
}

bool pygrub_find(char path[PATH_MAX])
{
	static const char *const folders[] = {"/usr/lib/xen-*/bin", "/usr/lib*/xen/bin",
		"/usr/libexec/xen/bin", "/usr/local/lib*/xen/bin", "/usr/local/libexec/xen/bin",
		"/usr/bin", "/usr/local/bin"};
	static const char *const names[] = {"pygrub.xen", "pygrub"};
	char pattern[64];

	for (size_t i = 0; i < ARRAY_SIZE(folders) * ARRAY_SIZE(names); i++) {
		snprintf(pattern, sizeof(pattern), "%s/%s", folders[i / ARRAY_SIZE(names)],
			names[i % ARRAY_SIZE(names)]);
		if (find_matching(pattern, path))
			return true;
	}
	return false;
}

void pygrub_answer_done(struct pygrub_answer *answer)
{
	cleanup_close(&answer->kernel);
	cleanup_close(&answer->ramdisk);
	cleanup_close(&answer->folder);
	strbuf_done(&answer->args);
	strbuf_done(&answer->message);
}

/* A tmpfs that is mounted nowhere: gone with the last descriptor, whatever happens. */
static int make_folder(const struct pygrub_settings *settings, struct err *err)
{
	_close_ int fs = kernel_fsopen("tmpfs");
	char uid[16], gid[16];
	int folder;

	snprintf(uid, sizeof(uid), "%u", settings->uid);
	snprintf(gid, sizeof(gid), "%u", settings->gid);
	if (fs < 0 || kernel_fs_set(fs, "mode", "0700") || kernel_fs_set(fs, "uid", uid) ||
		kernel_fs_set(fs, "gid", gid) || kernel_fs_create(fs))
		return err_set(err, errno, "cannot make a tmpfs for pygrub's answer: %m");
	folder = kernel_fsmount(fs, MS_NOSUID | MS_NODEV | MS_NOEXEC);
	return folder < 0 ? err_set(err, errno, "cannot mount a tmpfs: %m") : folder;
}

/* As fork(), but the child is the first process of a namespace: with it go all it started. */
static pid_t fork_apart(void)
{
	unsigned long flags =
		CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | SIGCHLD;

	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, 0);
}

/* Its exit status, or -1; false: its time was over. */
static bool wait_for(pid_t pid, uint32_t timeout_ms, int *status)
{
	_close_ int pidfd = kernel_pidfd_open(pid);
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	bool in_time = pidfd >= 0 && poll(&poll_fd, 1, (int)timeout_ms) > 0;

	if (!in_time)
		kill(pid, SIGKILL);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
	return in_time;
}

static void read_file(int fd, size_t limit, struct strbuf *out)
{
	char buffer[4096];
	off_t at = 0;
	ssize_t n;

	while ((size_t)at < limit && (n = pread(fd, buffer, sizeof(buffer), at)) > 0) {
		strbuf_add(out, (struct text){buffer, (size_t)n});
		at += n;
	}
}

/* What it said last that is no frame of a Python trace. */
static void take_message(struct pygrub_answer *answer, int said, int status)
{
	_strbuf_ struct strbuf all = {0};
	struct text rest, line, last = {0};

	read_file(said, SAID_BYTES, &all);
	rest = strbuf_text(&all);
	while (text_cut(&rest, '\n', &line)) {
		if (text_trim(line).len && line.at[0] != ' ')
			last = text_trim(line);
	}
	escape_add_cut(&answer->message, last, SAID_SHOWN);
	if (!last.len)
		strbuf_addf(&answer->message, "exit status %d, without a word", status);
}

/* "kernel /run/.../boot_kernel.x7": the file of that name in its folder. */
static int open_answered(const struct pygrub_answer *answer, struct text path)
{
	char name[NAME_MAX + 1];
	struct text rest = path, part = {0};
	struct stat st;
	int fd;

	while (text_cut(&rest, '/', &part))
		;
	if (!part.len || part.len > NAME_MAX)
		return -1;
	memcpy(name, part.at, part.len);
	name[part.len] = '\0';
	fd = openat(answer->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode)))
		close(steal_fd(&fd));
	return fd;
}

/* The form simple0: items that end with a NUL. */
static void take_answer(struct pygrub_answer *answer, int out)
{
	_strbuf_ struct strbuf all = {0};
	struct text rest, item, value;

	read_file(out, ANSWER_BYTES, &all);
	rest = strbuf_text(&all);
	while (text_cut(&rest, '\0', &item)) {
		size_t word = text_find(item, ' ');

		value = text_skip(item, word + 1);
		item = text_first(item, word);
		if (text_is(item, "kernel") && answer->kernel < 0)
			answer->kernel = open_answered(answer, value);
		else if (text_is(item, "ramdisk") && answer->ramdisk < 0)
			answer->ramdisk = open_answered(answer, value);
		else if (text_is(item, "args") && !answer->args.len)
			strbuf_add(&answer->args, value);
	}
	answer->ok = answer->kernel >= 0;
}

int pygrub_run(const struct pygrub_settings *settings, const char *disk, struct pygrub_answer *ret,
	struct err *err)
{
	_close_ int out = -1, said = -1;
	int status = -1;
	pid_t pid;

	*ret = (struct pygrub_answer){.folder = -1, .kernel = -1, .ramdisk = -1};
	ret->folder = make_folder(settings, err);
	if (ret->folder < 0)
		return -err->code;
	out = openat(ret->folder, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	said = openat(ret->folder, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (out < 0 || said < 0)
		return err_set(err, errno, "cannot make a file for pygrub's answer: %m");
	pid = fork_apart();
	if (pid < 0)
		return err_set(err, errno, "cannot start pygrub in namespaces of its own: %m");
	if (pid == 0)
		pygrub_child(settings, disk, ret->folder, out, said);
	if (!wait_for(pid, settings->timeout_ms, &status)) {
		strbuf_addf(&ret->message, "no answer within %u s", settings->timeout_ms / 1000);
		return 0;
	}
	if (status == 0)
		take_answer(ret, out);
	if (!ret->ok)
		take_message(ret, said, status);
	return 0;
}
