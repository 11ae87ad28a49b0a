/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/host/watch_look.h"

#include "config/sources.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { LOOK_MEMORY = 16 << 20, MAX_WATCHED = 4096 };

#ifndef NFS_SUPER_MAGIC
#define NFS_SUPER_MAGIC 0x6969
#endif
#ifndef FUSE_SUPER_MAGIC
#define FUSE_SUPER_MAGIC 0x65735546
#endif
#ifndef SMB2_SUPER_MAGIC /* these three: Linux 5.15 */
#define SMB2_SUPER_MAGIC 0xFE534D42
#endif
#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xFF534D42
#endif
#ifndef CEPH_SUPER_MAGIC
#define CEPH_SUPER_MAGIC 0x00C36400
#endif
#ifndef GFS2_MAGIC
#define GFS2_MAGIC 0x01161970
#endif

/* What other hosts do on these file systems, inotify does not tell. */
static bool is_shared_with_others(const char *path)
{
	static const unsigned kinds[] = {NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, SMB2_SUPER_MAGIC,
		CIFS_SUPER_MAGIC, V9FS_MAGIC, FUSE_SUPER_MAGIC, CEPH_SUPER_MAGIC, AFS_SUPER_MAGIC,
		OCFS2_SUPER_MAGIC, GFS2_MAGIC};
	struct statfs fs;

	if (statfs(path, &fs))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if ((unsigned)fs.f_type == kinds[i])
			return true;
	}
	return false;
}

static void watch_folder(struct look *look, const char *path, struct text name, uint32_t mask)
{
	struct watched *watched;
	int id = inotify_add_watch(look->inotify_fd, path, mask | IN_ONLYDIR | IN_MASK_ADD);

	if (id < 0 && (errno == ENOENT || errno == ENOTDIR))
		return; /* the folder above tells when it comes */
	if (id < 0 || look->n_watched == MAX_WATCHED || is_shared_with_others(path)) {
		look->blind = true;
		return;
	}
	if (!look->watched)
		look->watched = arena_array(&look->arena, MAX_WATCHED, sizeof(*look->watched));
	watched = look->watched ? &look->watched[look->n_watched] : NULL;
	if (!watched || arena_text(&look->arena, name, &watched->name)) {
		look->blind = true;
		return;
	}
	watched->id = id;
	look->n_watched++;
}

/* All folders that the beginning of a pattern leads to. */
static void watch_folders(struct look *look, struct text folder, struct text name, uint32_t mask)
{
	_free_ char *pattern = strndup(folder.len ? folder.at : "/", folder.len ? folder.len : 1);
	glob_t matches = {0};

	if (pattern && !glob(pattern, GLOB_NOSORT, NULL, &matches)) {
		for (size_t i = 0; i < matches.gl_pathc; i++)
			watch_folder(look, matches.gl_pathv[i], name, mask);
	}
	globfree(&matches);
}

/* A link's target may change where nobody watches. */
static bool leads_elsewhere(const char *pattern)
{
	glob_t matches = {0};
	bool found = false;
	struct stat st;

	if (!glob(pattern, GLOB_NOSORT, NULL, &matches)) {
		for (size_t i = 0; i < matches.gl_pathc && !found; i++)
			found = !lstat(matches.gl_pathv[i], &st) && S_ISLNK(st.st_mode);
	}
	globfree(&matches);
	return found;
}

/* From the root on: a folder may come, go or be replaced on every level. */
static void watch_pattern(struct look *look, struct text pattern, uint32_t last_mask)
{
	const uint32_t mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
	struct text rest = text_skip(pattern, 1), name;
	size_t folder = 0;

	while (text_cut(&rest, '/', &name)) {
		if (name.len)
			watch_folders(look, text_first(pattern, folder), name,
				rest.len ? mask : mask | last_mask);
		folder = (size_t)(name.at + name.len - pattern.at);
	}
	look->blind |= leads_elsewhere(pattern.at);
}

void look_run(struct job *job, struct scratch *scratch)
{
	struct look *look = container_of(job, struct look, job);

	(void)scratch;
	/* Before anything is looked at: what happens from here on is told. */
	look->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	look->blind = look->inotify_fd < 0;
	for (uint32_t i = 0; i < look->xl_files.n && look->inotify_fd >= 0; i++)
		watch_pattern(look, look->xl_files.at[i], IN_CLOSE_WRITE);
	for (uint32_t i = 0; i < look->images.n && look->inotify_fd >= 0; i++)
		watch_pattern(look, look->images.at[i], 0);
	sources_describe(&look->xl_files, &look->images, &look->seen);
	cleanup_close(&look->old_fd);
	look->old_fd = -1;
}

bool look_concerns(const struct look *look, const struct inotify_event *event)
{
	if (event->mask & (IN_Q_OVERFLOW | IN_UNMOUNT | IN_IGNORED) || !event->len)
		return true;
	for (uint32_t i = 0; i < look->n_watched; i++) {
		const struct watched *watched = &look->watched[i];

		if (watched->id == event->wd &&
			fnmatch(watched->name.at, event->name, FNM_PERIOD) == 0)
			return true;
	}
	return false;
}

static int copy_patterns(struct arena *arena, const struct patterns *from, struct patterns *to)
{
	to->at = arena_array(arena, from->n + 1, sizeof(*to->at));
	for (uint32_t i = 0; i < from->n && to->at; i++, to->n++) {
		if (arena_text(arena, from->at[i], &to->at[i]))
			return -ENOMEM;
	}
	return to->at ? 0 : -ENOMEM;
}

struct look *look_new(const struct config *config, int old_fd)
{
	struct look *look = calloc(1, sizeof(*look));

	if (!look)
		return NULL;
	*look = (struct look){.job.wake = true, .job.run = look_run, .inotify_fd = -1};
	arena_init(&look->arena, LOOK_MEMORY);
	look->old_fd = old_fd;
	if (!copy_patterns(&look->arena, &config->xl_files, &look->xl_files) &&
		!copy_patterns(&look->arena, &config->images, &look->images))
		return look;
	look->old_fd = -1;
	look_free(look);
	return NULL;
}

void look_free(struct look *look)
{
	if (!look)
		return;
	cleanup_close(&look->inotify_fd);
	cleanup_close(&look->old_fd);
	strbuf_done(&look->seen);
	arena_done(&look->arena);
	free(look);
}
