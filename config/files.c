/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/files.h"

#include "config/index.h"

#include <errno.h>
#include <glob.h>
#include <sys/stat.h>

struct finding {
	struct config *config;
	struct found_files *files;
	struct index seen; /* by device and inode */
	size_t room;
};

static int append(struct finding *finding, const char *path)
{
	struct found_files *files = finding->files;
	struct arena *arena = &finding->config->arena;

	if (files->n == finding->room) {
		size_t room = finding->room ? finding->room * 2 : 64;
		struct text *bigger = arena_array(arena, room, sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		if (files->n)
			memcpy(bigger, files->paths, files->n * sizeof(*bigger));
		arena_release(arena, files->paths);
		files->paths = bigger;
		finding->room = room;
	}
	return arena_text(arena, text_of(path), &files->paths[files->n++]);
}

/* Remembers the file itself, whatever its name. 1: seen before; -ENOMEM. */
static int remember(struct finding *finding, const char *path)
{
	struct arena *arena = &finding->config->arena;
	struct stat st;
	struct text key;

	if (stat(path, &st))
		return 0; /* the helper will say what is wrong with it */
	if (arena_printf(arena, &key, "%llu:%llu", (unsigned long long)st.st_dev,
		    (unsigned long long)st.st_ino))
		return -ENOMEM;
	if (index_find(&finding->seen, key))
		return 1;
	return index_add(&finding->seen, arena, key, finding);
}

static int take_matches(struct finding *finding, const glob_t *matches)
{
	for (size_t i = 0; i < matches->gl_pathc; i++) {
		int r = remember(finding, matches->gl_pathv[i]);

		if (r == 0)
			r = append(finding, matches->gl_pathv[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int files_find(struct config *config, const struct patterns *patterns, struct found_files *ret)
{
	struct finding finding = {.config = config, .files = ret};
	int r = 0;

	*ret = (struct found_files){0};
	for (uint32_t i = 0; i < patterns->n && !r; i++) {
		glob_t matches = {0};
		int found = glob(patterns->at[i].at, 0, NULL, &matches);

		if (found == 0)
			r = take_matches(&finding, &matches);
		else if (found == GLOB_NOSPACE)
			r = -ENOMEM;
		else if (found == GLOB_ABORTED)
			config_add_problem(config, patterns->at[i], 0, true, "cannot be read: %m");
		globfree(&matches);
	}
	return r;
}
