/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "model/limits.h"
#include "parsers/fs/names.h"

#include <errno.h>

/* Room for what is left of a path while links are put in front of it. */
enum { WALK_ROOM = 2 * MAX_PATH_BYTES };

/* A folder on the way, and how long its path without links is. */
struct step {
	struct node node;
	size_t end;
};

/* A look-up under way. */
struct walk {
	struct fs *fs;
	struct step *folders; /* from the root to where we stand: what ".." goes back to */
	uint32_t depth, room;
	uint32_t hops; /* links followed so far */
	char buf[WALK_ROOM];
	struct text rest;    /* what is still to be followed, inside buf or the caller's path */
	struct strbuf *real; /* the path without links, from the root; NULL: not wanted */
};

static void walk_done(struct walk *walk)
{
	free(walk->folders);
}

static int walk_push(struct walk *walk, const struct node *folder)
{
	if (walk->depth == walk->room) {
		uint32_t room = walk->room ? walk->room * 2 : 16;
		struct step *folders = reallocarray(walk->folders, room, sizeof(*folders));

		if (!folders)
			return -ENOMEM;
		walk->folders = folders;
		walk->room = room;
	}
	walk->folders[walk->depth++] = (struct step){*folder, walk->real ? walk->real->len : 0};
	return 0;
}

/* The path without links: that of the folder where we stand, and `name` in it, if any. */
static void walk_real(struct walk *walk, struct text name)
{
	size_t end = walk->folders[walk->depth - 1].end;

	if (!walk->real)
		return;
	strbuf_cut(walk->real, end);
	if (end && name.len)
		strbuf_addc(walk->real, '/');
	strbuf_add(walk->real, name);
}

/* Puts a link's target in front of the rest, and goes to the root where it is absolute. */
static int walk_link(struct walk *walk, const struct node *link)
{
	char target[MAX_PATH_BYTES];
	ssize_t len;

	if (++walk->hops > MAX_LINK_HOPS)
		return -ELOOP;
	len = walk->fs->ops->readlink(walk->fs, link, target, sizeof(target));
	if (len < 0)
		return (int)len;
	if (len == 0)
		return -ENOENT;
	if ((size_t)len + 1 + walk->rest.len > sizeof(walk->buf))
		return -ENAMETOOLONG;
	memmove(walk->buf + len + 1, walk->rest.at, walk->rest.len);
	memcpy(walk->buf, target, (size_t)len);
	walk->buf[len] = '/';
	/* A target without anything behind it needs no slash: it may be a file. */
	walk->rest.at = walk->buf;
	walk->rest.len = (size_t)len + (walk->rest.len ? 1 + walk->rest.len : 0);
	if (target[0] == '/')
		walk->depth = 1;
	return 0;
}

/* Cuts the next component off; false at the end. */
static bool walk_next(struct walk *walk, struct text *name)
{
	while (walk->rest.len && walk->rest.at[0] == '/')
		walk->rest = text_skip(walk->rest, 1);
	if (!walk->rest.len)
		return false;
	*name = text_first(walk->rest, text_find(walk->rest, '/'));
	walk->rest = text_skip(walk->rest, name->len);
	return true;
}

/* Goes one component further; *ret is where we stand then. */
static int walk_step(struct walk *walk, struct text name, struct node *ret)
{
	int err;

	if (text_is(name, "..") && walk->depth > 1)
		walk->depth--;
	*ret = walk->folders[walk->depth - 1].node;
	if (text_is(name, ".") || text_is(name, ".."))
		return 0;
	err = names_find(walk->fs, ret, name, ret);
	if (err)
		return err;
	if (ret->type == NODE_LINK) {
		err = walk_link(walk, ret);
		*ret = walk->folders[walk->depth - 1].node;
		return err;
	}
	walk_real(walk, name);
	if (ret->type == NODE_FOLDER)
		return walk_push(walk, ret);
	/* Anything behind a file, be it a slash alone, asks for a folder. */
	return walk->rest.len ? -ENOTDIR : 0;
}

int fs_walk(struct fs *fs, struct text path, struct node *ret)
{
	return fs_walk_real(fs, path, ret, NULL);
}

int fs_walk_real(struct fs *fs, struct text path, struct node *ret, struct strbuf *real)
{
	struct walk walk CLEANUP(walk_done) = {.fs = fs, .rest = path, .real = real};
	struct text name;
	struct node at;
	int err;

	if (path.len > MAX_PATH_BYTES)
		return -ENAMETOOLONG;
	err = fs->ops->root(fs, &at);
	if (!err)
		err = walk_push(&walk, &at);
	while (!err && walk_next(&walk, &name))
		err = walk_step(&walk, name, &at);
	if (err)
		return err;
	if (at.type == NODE_FOLDER)
		walk_real(&walk, (struct text){0});
	*ret = at;
	return real ? real->failed : 0;
}

int fs_read_all(
	struct fs *fs, const struct node *file, uint64_t max, struct arena *arena, struct text *ret)
{
	uint64_t done = 0;
	char *buf;

	if (file->type != NODE_FILE)
		return file->type == NODE_FOLDER ? -EISDIR : -EINVAL;
	if (file->size > max || file->size >= SIZE_MAX)
		return -EFBIG;
	buf = arena_alloc(arena, (size_t)file->size + 1);
	if (!buf)
		return -ENOMEM;
	while (done < file->size) {
		ssize_t got =
			fs->ops->read(fs, file, done, buf + done, (size_t)(file->size - done));

		if (got <= 0) {
			arena_release(arena, buf);
			return got ? (int)got : -EIO;
		}
		done += (uint64_t)got;
	}
	*ret = (struct text){buf, (size_t)file->size};
	return 0;
}
