/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/iso9660/iso9660.h"

#include "core/checked.h"
#include "parsers/fs/name.h"
#include "parsers/fs/unicode.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* A file or folder as its record and Rock Ridge together say. */
struct item {
	struct iso_record record; /* the first one */
	struct iso_rock rock;
	struct text name; /* in `room` or `rock` */
	bool exact;       /* the name's case matters */
	uint64_t size;    /* bytes, all sections together */
	uint32_t sections;
	char room[ISO_NAME_ROOM];
};

/* Adds the sections of a file that the following records hold. */
static int take_sections(struct iso *iso, struct iso_place *place, struct item *item)
{
	struct iso_record more = {.flags = item->record.flags};

	item->size = item->record.length;
	item->sections = 1;
	while (more.flags & ISO_FLAG_MORE) {
		int r = iso_next_record(iso, place, &more);

		if (r < 0)
			return r;
		if (r == 0 || !text_equal(more.id, item->record.id) ||
			++item->sections > ISO_MAX_SECTIONS)
			return -EUCLEAN;
		item->size += more.length;
		item->record.interleaved = item->record.interleaved || more.interleaved;
	}
	return 0;
}

/*
 * What stands behind the damage may say that the bytes are packed, or that there are none: the
 * thing is listed, by its plain name where the other one is cut, and cannot be read.
 */
static void forget_damaged(struct iso *iso, struct iso_rock *rock)
{
	rock->damaged = rock->target_damaged = true;
	if (rock->name_goes_on)
		rock->name_len = 0;
	report_add(iso->report, REPORT_WARNING, "%.*s ISO 9660: damaged Rock Ridge entries",
		TEXT_ARG(iso->volume_name));
}

static void take_name(struct iso *iso, struct item *item)
{
	int r;

	item->exact = false;
	item->name = iso_name(iso, &item->record, item->room);
	if (!iso->rock) {
		memset(&item->rock, 0, offsetof(struct iso_rock, name));
		return;
	}
	r = iso_read_rock(iso, &item->record, &item->rock);
	if (r < 0)
		forget_damaged(iso, &item->rock);
	if (item->rock.name_len) {
		item->name = (struct text){item->rock.name, item->rock.name_len};
		item->exact = true;
	}
}

/* The next thing in a folder that has a name: 1, 0 at its end. */
static int next_item(struct iso *iso, struct iso_place *place, struct item *item)
{
	int r;

	while ((r = iso_next_record(iso, place, &item->record)) > 0) {
		if (iso_is_dot(&item->record) || (item->record.flags & ISO_FLAG_ASSOCIATED))
			continue;
		r = take_sections(iso, place, item);
		if (r < 0)
			return r;
		take_name(iso, item);
		if (!item->rock.relocated && name_is_usable(item->name))
			return 1;
	}
	return r;
}

/* A folder's records; -EUCLEAN where they cannot be there. */
static int enter(const struct iso *iso, const struct node *folder, struct iso_place *ret)
{
	uint64_t start = folder->aux[ISO_AUX_START], length = folder->aux[ISO_AUX_END];

	if (length > ISO_MAX_FOLDER || !range_inside(start, length, iso->dev.size))
		return -EUCLEAN;
	*ret = (struct iso_place){.at = start, .end = start + length};
	return 0;
}

/* The record that a folder keeps of itself, at its start. */
static int own_record(struct iso *iso, uint64_t start, struct iso_record *ret)
{
	struct iso_place place = {.at = start, .end = start + ISO_RECORD_MAX};
	int r = iso_next_record(iso, &place, ret);

	if (r < 0)
		return r;
	if (r == 0 || !iso_is_dot(ret) || ret->at != start || ret->start != start)
		return -EUCLEAN;
	return 0;
}

/* A folder, or the stand-in of one that was moved because it lay too deep. */
static int fill_folder(struct iso *iso, const struct item *item, struct node *ret)
{
	struct iso_record moved;
	int r;

	ret->type = NODE_FOLDER;
	ret->aux[ISO_AUX_START] = item->record.start;
	ret->aux[ISO_AUX_END] = item->size;
	if (!item->rock.has_child)
		return 0;
	r = own_record(iso, (uint64_t)item->rock.child * iso->block_size, &moved);
	if (r < 0)
		return r;
	ret->aux[ISO_AUX_START] = moved.start;
	ret->aux[ISO_AUX_END] = moved.length;
	return 0;
}

static void fill_file(const struct item *item, const struct iso_place *behind, struct node *ret)
{
	const struct iso_rock *rock = &item->rock;

	ret->type = NODE_FILE;
	ret->size = item->size;
	if (rock->has_mode && S_ISLNK(rock->mode)) {
		ret->type = NODE_LINK;
		ret->size = rock->target_len;
	} else if (rock->has_mode && !S_ISREG(rock->mode)) {
		ret->type = NODE_OTHER;
		ret->size = 0;
	} else if (rock->compressed) {
		ret->size = rock->raw_size;
	}
	ret->aux[ISO_AUX_START] = item->record.start;
	ret->aux[ISO_AUX_END] = behind->end;
	ret->aux[ISO_AUX_SECTIONS] = item->sections;
	if (item->record.interleaved || rock->compressed)
		ret->aux[ISO_AUX_UNREADABLE] = ENOTSUP;
	if (rock->damaged)
		ret->aux[ISO_AUX_UNREADABLE] = EUCLEAN;
}

static int fill_node(
	struct iso *iso, const struct item *item, const struct iso_place *behind, struct node *ret)
{
	const struct iso_rock *rock = &item->rock;
	bool folder = (item->record.flags & ISO_FLAG_FOLDER) || rock->has_child;

	*ret = (struct node){
		.ino = item->record.at,
		.mtime_s = rock->has_mtime ? rock->mtime_s : item->record.mtime_s,
		.mode = rock->has_mode ? rock->mode & 07777
			: folder       ? 0555
				       : 0444,
	};
	ret->ctime_s = rock->has_ctime ? rock->ctime_s : ret->mtime_s;
	if (folder)
		return fill_folder(iso, item, ret);
	fill_file(item, behind, ret);
	return 0;
}

static int iso_root(struct fs *fs, struct node *ret)
{
	struct iso *iso = iso_of(fs);

	*ret = (struct node){
		.type = NODE_FOLDER,
		.ino = iso->root,
		.mode = 0555,
		.aux = {iso->root, iso->root_length},
	};
	return 0;
}

static bool has_name(const struct item *item, struct text name)
{
	return item->exact ? text_equal(item->name, name) : unicode_equal_nocase(item->name, name);
}

static int iso_find(struct fs *fs, const struct node *folder, struct text name, struct node *ret)
{
	struct iso *iso = iso_of(fs);
	struct iso_place place;
	struct item item;
	int r = enter(iso, folder, &place);

	if (r < 0)
		return r;
	while ((r = next_item(iso, &place, &item)) > 0) {
		if (has_name(&item, name))
			return fill_node(iso, &item, &place, ret);
	}
	return r < 0 ? r : -ENOENT;
}

static int iso_list(struct fs *fs, const struct node *folder, fs_visit *visit, void *context)
{
	struct iso *iso = iso_of(fs);
	struct iso_place place;
	struct item item;
	int r = enter(iso, folder, &place);

	if (r < 0)
		return r;
	while ((r = next_item(iso, &place, &item)) > 0) {
		r = visit(context, item.name);
		if (r)
			return r;
	}
	return r;
}

/* The record of a node, read once more. */
static int record_of(struct iso *iso, const struct node *node, struct iso_record *ret)
{
	struct iso_place place = {.at = node->ino, .end = node->aux[ISO_AUX_END]};
	int r = iso_next_record(iso, &place, ret);

	return r < 0 ? r : r == 0 ? -EUCLEAN : 0;
}

static ssize_t iso_readlink(struct fs *fs, const struct node *link, char *buf, size_t size)
{
	struct iso *iso = iso_of(fs);
	struct iso_record record;
	struct iso_rock rock;
	int r = record_of(iso, link, &record);

	if (r == 0)
		r = iso_read_rock(iso, &record, &rock);
	if (r < 0)
		return r;
	if (rock.target_damaged)
		return -EUCLEAN;
	if (rock.target_len > size)
		return -ENAMETOOLONG;
	memcpy(buf, rock.target, rock.target_len);
	return (ssize_t)rock.target_len;
}

static void iso_close(struct fs *fs)
{
	(void)fs;
}

/* The root of one of the two trees. */
static int take_root(struct iso *iso, const unsigned char *descriptor, struct err *err)
{
	struct iso_record root;

	if (iso_parse_record(iso, iso_root_record(descriptor), ISO_ROOT_RECORD, &root) < 0 ||
		!range_inside(root.start, root.length, iso->dev.size))
		return err_set(err, EUCLEAN, "the root folder lies outside the volume");
	iso->root = root.start;
	iso->root_length = root.length;
	return 0;
}

/* Rock Ridge goes before Joliet, Joliet before plain names: what Linux and GRUB take. */
static int choose_tree(struct iso *iso, const struct iso_volume *volume, struct err *err)
{
	struct iso_record own;
	int r = take_root(iso, volume->primary, err);

	if (r < 0)
		return r;
	r = own_record(iso, iso->root, &own);
	if (r == 0)
		r = iso_find_rock(iso, &own);
	if (r < 0 && !volume->has_joliet)
		return err_set(err, -r, "the root folder's own record is damaged");
	if (iso->rock || !volume->has_joliet)
		return 0;
	iso->joliet = true;
	return take_root(iso, volume->joliet, err);
}

static int prepare(struct iso *iso, const struct fs_source *source, const struct iso_volume *volume,
	struct err *err)
{
	int r;

	iso->dev = *source->dev;
	iso->report = source->report;
	iso->volume_name = source->name;
	iso->block_size = iso_block_size(volume);
	if (iso->block_size != 512 && iso->block_size != 1024 && iso->block_size != 2048)
		return err_set(err, ENOTSUP, "ISO 9660 with blocks of %u bytes", iso->block_size);
	r = readcache_init(&iso->record_cache, &iso->dev, source->arena, 4096);
	if (r == 0)
		r = readcache_init(&iso->area_cache, &iso->dev, source->arena, 4096);
	if (r == 0)
		r = iso_take_names(volume, source->arena, &iso->fs);
	if (r < 0)
		return err_set(err, ENOMEM, "out of memory");
	return choose_tree(iso, volume, err);
}

static int iso_open(const struct fs_source *source, struct fs **ret, struct err *err)
{
	struct iso_volume volume = {.has_joliet = false};
	struct iso *iso;
	int r = iso_read_volume(source->dev, &volume, err);

	if (r < 0)
		return r;
	iso = arena_new(source->arena, struct iso);
	if (!iso)
		return err_set(err, ENOMEM, "out of memory");
	r = prepare(iso, source, &volume, err);
	if (r < 0)
		return r;
	iso->fs.ops = &iso_ops;
	iso->fs.name = "iso9660";
	*ret = &iso->fs;
	return 0;
}

const struct fs_ops iso_ops = {
	.name = "iso9660",
	.probe = iso_probe,
	.open = iso_open,
	.root = iso_root,
	.find = iso_find,
	.list = iso_list,
	.readlink = iso_readlink,
	.read = iso_read,
	.extents = iso_extents,
	.close = iso_close,
};
