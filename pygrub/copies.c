/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/copies.h"

#include "model/limits.h"
#include "core/checked.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Appends `path` made absolute and with `.` and `..` folded away, as Python's abspath() does. */
static void add_absolute(struct strbuf *out, struct text path)
{
	struct text part;

	while (path.len) {
		if (!text_cut(&path, '/', &part) || !part.len || text_is(part, "."))
			continue;
		if (text_is(part, "..")) {
			while (out->len && out->at[out->len - 1] != '/')
				strbuf_cut(out, out->len - 1);
			strbuf_cut(out, out->len ? out->len - 1 : 0);
			continue;
		}
		strbuf_addc(out, '/');
		strbuf_add(out, part);
	}
}

static int set_folder(struct copies *copies, const char *folder, struct err *err)
{
	_free_ char *here = NULL;

	if (folder[0] != '/') {
		here = getcwd(NULL, 0);
		if (!here)
			return err_set(err, errno, "no current folder: %m");
		add_absolute(&copies->folder, text_of(here));
	}
	add_absolute(&copies->folder, text_of(folder));
	strbuf_addc(&copies->folder, '/');
	return copies->folder.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* Makes the folder and those above it; the folder itself for root only. */
static int make_folders(struct strbuf *folder)
{
	for (size_t i = 1; i < folder->len; i++) {
		int r;

		if (folder->at[i] != '/')
			continue;
		folder->at[i] = '\0';
		r = mkdir(folder->at, i + 1 == folder->len ? 0700 : 0755);
		folder->at[i] = '/';
		if (r && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int open_folder(struct copies *copies, bool make, struct err *err)
{
	const char *path = copies->folder.at;

	if (make && make_folders(&copies->folder))
		return err_set(err, errno, "output folder %s: cannot be made: %m", path);
	copies->folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copies->folder_fd < 0)
		return err_set(err, errno, "output folder %s: %m", path);
	return 0;
}

/* A name as mkstemp makes it: the prefix and 8 random characters of 36. */
static int choose_name(struct copy *copy, const char *prefix)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char random[8];
	char tail[sizeof(random) + 1] = {0};

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -errno;
	for (size_t i = 0; i < sizeof(random); i++)
		tail[i] = letters[random[i] % (sizeof(letters) - 1)];
	snprintf(copy->name, sizeof(copy->name), "%s.%s", prefix, tail);
	return 0;
}

/* File systems without O_TMPFILE (NFS, 9p...): a file with a name from the start. */
static void create_named(struct copy *copy, int folder_fd)
{
	copy->fd = openat(
		folder_fd, copy->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	copy->visible = copy->fd >= 0;
}

static int create(struct copies *copies, struct copy *copy, const char *prefix, struct err *err)
{
	for (int tries = 0; tries < 100; tries++) {
		struct stat st;

		if (choose_name(copy, prefix))
			return err_set(err, errno, "no random name: %m");
		if (fstatat(copies->folder_fd, copy->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		copy->fd = openat(copies->folder_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
		if (copy->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
			create_named(copy, copies->folder_fd);
		if (copy->fd >= 0 && fchmod(copy->fd, 0600) == 0) /* whatever the umask */
			return 0;
		if (errno != EEXIST)
			break;
	}
	return err_set(err, errno, "output folder %s: cannot make a file: %m", copies->folder.at);
}

int copies_open(const char *folder, struct copies *ret, struct err *err)
{
	*ret = (struct copies){.folder_fd = -1, .kernel.fd = -1, .ramdisk.fd = -1};
	if (set_folder(ret, folder ? folder : COPIES_DEFAULT_FOLDER, err) ||
		open_folder(ret, !folder, err) || create(ret, &ret->kernel, "boot_kernel", err) ||
		create(ret, &ret->ramdisk, "boot_ramdisk", err)) {
		copies_close(ret, false);
		return -err->code;
	}
	return 0;
}

void copies_add_path(const struct copies *copies, const struct copy *copy, struct strbuf *out)
{
	strbuf_add(out, strbuf_text(&copies->folder));
	strbuf_adds(out, copy->name);
}

int copies_check_room(const struct copies *copies, uint64_t bytes, struct err *err)
{
	struct statvfs fs;
	uint64_t room, spare;

	if (fstatvfs(copies->folder_fd, &fs))
		return err_set(err, errno, "output folder %s: %m", copies->folder.at);
	if (!fs.f_blocks)
		return 0; /* a file system that does not say */
	if (!checked_mul((uint64_t)fs.f_bfree, (uint64_t)fs.f_frsize, &room))
		return 0;
	spare = min_u64(64 * MIB, (uint64_t)fs.f_blocks * fs.f_frsize / 10);
	if (range_inside(spare, bytes, room))
		return 0;
	return err_set(err, ENOSPC,
		"output folder %s: %" PRIu64 " MiB free, kernel and initrd need %" PRIu64
		" MiB and %" PRIu64 " MiB must stay free",
		copies->folder.at, room / MIB, (bytes + MIB - 1) / MIB, spare / MIB);
}

static int publish(struct copies *copies, struct copy *copy, struct err *err)
{
	char path[64];

	if (copy->visible)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy->fd);
	if (linkat(AT_FDCWD, path, copies->folder_fd, copy->name, AT_SYMLINK_FOLLOW))
		return err_set(err, errno, "output folder %s: cannot make %s: %m",
			copies->folder.at, copy->name);
	copy->visible = true;
	return 0;
}

static void remove_copy(struct copies *copies, struct copy *copy)
{
	if (copy->visible)
		unlinkat(copies->folder_fd, copy->name, 0);
	copy->visible = false;
}

int copies_publish(struct copies *copies, bool with_ramdisk, struct err *err)
{
	if (publish(copies, &copies->kernel, err))
		return -err->code;
	if (!with_ramdisk) {
		remove_copy(copies, &copies->ramdisk);
		return 0;
	}
	return publish(copies, &copies->ramdisk, err);
}

void copies_close(struct copies *copies, bool keep)
{
	struct copy *both[] = {&copies->kernel, &copies->ramdisk};

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		if (!keep)
			remove_copy(copies, both[i]);
		if (both[i]->fd >= 0)
			close(steal_fd(&both[i]->fd));
	}
	if (copies->folder_fd >= 0)
		close(steal_fd(&copies->folder_fd));
	strbuf_done(&copies->folder);
}
