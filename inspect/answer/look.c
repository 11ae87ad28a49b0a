/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/answer.h"

#include "core/checked.h"
#include "core/strbuf.h"
#include "inspect/answer/contents.h"
#include "inspect/answer/relative.h"

#include <errno.h>

enum {
	INLINE_MOST = 256 * 1024, /* bytes of a file that come with the answer */
	/* A folder's answer says of small files where they lie: opening them asks nothing then. */
	SMALL_MOST = 16 << 20, /* bytes */
	SMALL_PIECES = 16,
	SMALL_FILES = 4096, /* in a folder with more names none is told of */
};

/* ---- where the question points ---------------------------------------------------------------- */

static int gone(struct err *err)
{
	return err_set(err, ESTALE, "the guest's files have changed");
}

/* NULL with err. */
static struct volume *find_node(const struct guest *guest, struct node *ret, struct err *err)
{
	const struct question *question = guest->question;
	struct volume *volume = volumes_find(&guest->volumes, question->volume);
	int r = volume && volume->fs ? fs_walk(volume->fs, question->path, ret) : -ENOENT;

	if (r == 0)
		return volume;
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP)
		(void)gone(err);
	else
		err_set(err, -r, "(%.*s)/%.*s: %s", TEXT_ARG(question->volume),
			TEXT_ARG(question->path), strerror(-r));
	return NULL;
}

/* -EIO with err where no disk can be read; the guest is closed by the caller where there is one. */
static int open_guest(const struct question *question, struct inspection *inspection,
	struct guest **ret, struct err *err)
{
	int r = answer_open_guest(question, inspection, ret, err);

	if (r == 0 && inspection->error.len)
		return err_set(err, EIO, "%.*s", TEXT_ARG(inspection->error));
	return r;
}

/* ---- names ------------------------------------------------------------------------------------ */

struct names {
	struct arena *arena;
	struct text *at; /* on the heap */
	uint32_t count, room, skipped;
};

static void names_done(struct names *names)
{
	free(names->at);
}

/* Whatever a terminal could obey, or no file system of this host has. */
static bool can_be_shown(struct text name)
{
	if (!name.len || name.len > LOOK_MAX_NAME || text_find(name, '/') < name.len ||
		text_is(name, ".") || text_is(name, ".."))
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if ((unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7f)
			return false;
	}
	return true;
}

static int add_name(void *context, struct text name)
{
	struct names *names = context;
	uint32_t room = names->room ? 2 * names->room : 64;

	if (!can_be_shown(name)) {
		names->skipped += names->skipped < UINT32_MAX;
		return 0;
	}
	if (names->count == LOOK_MAX_NAMES)
		return -EFBIG;
	if (names->count == names->room) {
		struct text *at = reallocarray(names->at, room, sizeof(*at));

		if (!at)
			return -ENOMEM;
		names->at = at;
		names->room = room;
	}
	return arena_text(names->arena, name, &names->at[names->count++]);
}

static int compare_names(const void *a, const void *b)
{
	return text_compare(*(const struct text *)a, *(const struct text *)b);
}

/* ---- a folder --------------------------------------------------------------------------------- */

struct listing {
	struct inspection *inspection;
	const struct volume *volume;
	struct node folder;
	struct text path; /* of the folder, without links */
	struct contents contents;
	bool small_files;
};

static bool has_later(const struct content *content)
{
	for (uint32_t i = 0; i < content->count; i++) {
		if (content->pieces[i].kind == PIECE_LATER)
			return true;
	}
	return false;
}

static void place_small(struct listing *listing, const struct node *node, struct look_entry *ret)
{
	struct err ignored = {0};

	if (!listing->small_files || node->size > SMALL_MOST)
		return;
	listing->contents.pieces_left = SMALL_PIECES;
	if (contents_place_file(&listing->contents, listing->volume, node, &ret->file, &ignored) <
			0 ||
		has_later(&ret->file))
		ret->file = (struct content){0};
}

static void describe(struct listing *listing, const struct node *node, struct look_entry *ret)
{
	bool folder = node->type == NODE_FOLDER;

	ret->kind = folder ? LOOK_FOLDER : LOOK_FILE;
	ret->size = folder ? 0 : node->size;
	ret->mode = node->mode & 07777;
	ret->mtime_s = node->mtime_s;
	ret->identity = folder ? node->ino : guest_identity(listing->volume, node);
	if (!folder)
		place_small(listing, node, ret);
}

/* 1: shown; 0: not, for it leads nowhere in this volume. */
static int follow(
	struct listing *listing, struct text name, const struct node *link, struct look_entry *ret)
{
	_strbuf_ struct strbuf path = {0}, real = {0};
	struct node node;
	int r;

	strbuf_add(&path, listing->path);
	strbuf_addc(&path, '/');
	strbuf_add(&path, name);
	if (path.failed)
		return -ENOMEM;
	r = fs_walk_real(listing->volume->fs, strbuf_text(&path), &node, &real);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || node.type == NODE_OTHER)
		return 0;
	describe(listing, &node, ret);
	if (node.type != NODE_FOLDER)
		return 1;
	ret->kind = LOOK_LINK;
	ret->identity = 0;
	ret->mtime_s = link->mtime_s;
	r = relative_target(
		&listing->inspection->arena, listing->path, strbuf_text(&real), &ret->target);
	ret->size = ret->target.len;
	return r < 0 ? r : ret->target.len < MAX_PATH_BYTES;
}

/* 1: shown; 0: not, being a device or the like; -EUCLEAN and the like: it is damaged. */
static int look_at(struct listing *listing, struct text name, struct look_entry *ret)
{
	struct fs *fs = listing->volume->fs;
	struct node node;
	int r = fs->ops->find(fs, &listing->folder, name, &node);

	*ret = (struct look_entry){.name = name};
	if (r < 0)
		return r;
	if (node.type == NODE_LINK)
		return follow(listing, name, &node, ret);
	if (node.type == NODE_OTHER)
		return 0;
	describe(listing, &node, ret);
	return 1;
}

static int fill(struct listing *listing, struct names *names)
{
	struct volume_look *look = &listing->inspection->look;

	qsort(names->at, names->count, sizeof(*names->at), compare_names);
	if (names->count) {
		look->entries = arena_array(names->arena, names->count, sizeof(*look->entries));
		if (!look->entries)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < names->count; i++) {
		int r;

		if (i && text_equal(names->at[i - 1], names->at[i]))
			continue;
		r = look_at(listing, names->at[i], &look->entries[look->count]);
		if (r == -ENOMEM)
			return r;
		look->count += r > 0;
		names->skipped += r < 0;
	}
	look->number = listing->folder.ino;
	look->skipped = names->skipped;
	return 0;
}

static int list_folder(struct guest *guest, struct err *err)
{
	struct inspection *inspection = guest->inspection;
	CLEANUP(names_done) struct names names = {.arena = &inspection->arena};
	struct listing listing = {.inspection = inspection, .path = guest->question->path};
	struct volume *volume = find_node(guest, &listing.folder, err);
	int r;

	if (!volume)
		return -err->code;
	if (listing.folder.type != NODE_FOLDER)
		return gone(err);
	listing.volume = volume;
	contents_init(&listing.contents, guest);
	r = volume->fs->ops->list(volume->fs, &listing.folder, add_name, &names);
	listing.small_files = names.count <= SMALL_FILES;
	if (r == 0)
		r = fill(&listing, &names);
	contents_done(&listing.contents);
	if (r == -EFBIG)
		return err_set(err, EFBIG, "(%.*s)/%.*s: more than %d names in one folder",
			TEXT_ARG(volume->name), TEXT_ARG(listing.path), LOOK_MAX_NAMES);
	return r < 0 ? err_set(err, -r, "(%.*s)/%.*s: %s", TEXT_ARG(volume->name),
			       TEXT_ARG(listing.path), strerror(-r))
		     : 0;
}

int answer_folder(const struct question *question, struct inspection *inspection, struct err *err)
{
	struct guest *guest;
	int r = open_guest(question, inspection, &guest, err);

	if (r == 0)
		r = list_folder(guest, err);
	if (guest)
		guest_close(guest);
	return r;
}

/* ---- a file ----------------------------------------------------------------------------------- */

/* NULL with err. */
static struct volume *find_file(const struct guest *guest, struct node *ret, struct err *err)
{
	const struct question *question = guest->question;
	struct volume *volume = find_node(guest, ret, err);

	if (!volume || (ret->type == NODE_FILE && ret->size == question->content_size &&
			       guest_identity(volume, ret) == question->content_identity))
		return volume;
	(void)gone(err);
	return NULL;
}

/* A small file that lies packed comes with the answer: nothing need be asked again. */
static int take_inline(
	struct guest *guest, const struct volume *volume, const struct node *file, struct err *err)
{
	struct arena *arena = &guest->inspection->arena;
	struct volume_look *look = &guest->inspection->look;
	struct piece *piece;
	int r;

	if (!has_later(&look->file) || file->size > INLINE_MOST)
		return 0;
	piece = arena_new(arena, struct piece);
	r = piece ? fs_read_all(volume->fs, file, INLINE_MOST, arena, &look->bytes) : -ENOMEM;
	if (r < 0)
		return err_set(err, -r, "(%.*s)/%.*s: %s", TEXT_ARG(volume->name),
			TEXT_ARG(guest->question->path), strerror(-r));
	*piece = (struct piece){.kind = PIECE_BYTES, .length = file->size};
	look->file.pieces = piece;
	look->file.count = 1;
	return 0;
}

static int place_file(struct guest *guest, struct err *err)
{
	CLEANUP(contents_done) struct contents contents;
	struct node file = {0};
	struct volume *volume = find_file(guest, &file, err);
	int r;

	contents_init(&contents, guest);
	if (!volume)
		return -err->code;
	r = contents_place_file(&contents, volume, &file, &guest->inspection->look.file, err);
	if (r == -ENOMEM)
		return err_set(err, ENOMEM, "no memory left (inspect-memory)");
	return r < 0 ? r : take_inline(guest, volume, &file, err);
}

int answer_file(const struct question *question, struct inspection *inspection, struct err *err)
{
	struct guest *guest;
	int r = open_guest(question, inspection, &guest, err);

	if (r == 0)
		r = place_file(guest, err);
	if (guest)
		guest_close(guest);
	return r;
}

static int write_bytes(struct guest *guest, int content_fd, struct err *err)
{
	const struct question *question = guest->question;
	CLEANUP(contents_done) struct contents contents;
	struct node file = {0};
	struct volume *volume = find_file(guest, &file, err);

	contents_init(&contents, guest);
	if (!volume)
		return -err->code;
	if (!range_inside(question->range_at, question->range_length, file.size))
		return err_set(err, ERANGE, "bytes behind the end of a file");
	return contents_write_range(&contents, volume, &file, question->range_at,
		question->range_length, content_fd, err);
}

int answer_bytes(const struct question *question, int content_fd, struct err *err)
{
	_inspection_ struct inspection *inspection = inspection_new(question->limits.memory / 2);
	struct guest *guest;
	int r;

	if (!inspection)
		return err_set(err, ENOMEM, "no memory for a content");
	r = open_guest(question, inspection, &guest, err);
	if (r == 0)
		r = write_bytes(guest, content_fd, err);
	if (guest)
		guest_close(guest);
	return r;
}
