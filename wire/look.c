/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/look.h"

#include "wire/content.h"

enum { LOOK_ENTRY_MIN = 5 + 1 + 8 + 4 + 8 + 8 + 5 + 1 }; /* bytes an entry takes at least */

void wire_put_folder(struct strbuf *buf, const struct volume_look *look)
{
	size_t start = wire_put_head(buf, WIRE_FOLDER);

	wire_put_u64(buf, look->number);
	wire_put_u32(buf, look->skipped);
	wire_put_u32(buf, look->count);
	for (uint32_t i = 0; i < look->count; i++) {
		const struct look_entry *entry = &look->entries[i];

		wire_put_text(buf, entry->name);
		wire_put_u8(buf, (uint8_t)entry->kind);
		wire_put_u64(buf, entry->size);
		wire_put_u32(buf, entry->mode);
		wire_put_u64(buf, (uint64_t)entry->mtime_s);
		wire_put_u64(buf, entry->identity);
		wire_put_text(buf, entry->target);
		wire_put_content(buf, &entry->file);
	}
	wire_put_end(buf, start);
}

void wire_put_file(struct strbuf *buf, const struct volume_look *look)
{
	size_t start = wire_put_head(buf, WIRE_FILE);

	wire_put_text(buf, look->bytes);
	wire_put_content(buf, &look->file);
	wire_put_end(buf, start);
}

/* Can the daemon hand it to the kernel as one component of a path? */
static bool is_file_name(struct text name)
{
	return name.len && name.len <= LOOK_MAX_NAME && text_find(name, '/') == name.len &&
	       text_find(name, '\0') == name.len && !text_is(name, ".") && !text_is(name, "..");
}

static uint32_t path_depth(struct text path)
{
	struct text name;
	uint32_t depth = 0;

	while (text_cut(&path, '/', &name))
		depth++;
	return depth;
}

/*
 * "../../usr/lib", "." or "..", seen from a folder `depth` below the root: ".." at the front only,
 * and no more of them than lead to the root.
 */
static bool stays_inside(struct text target, uint32_t depth)
{
	struct text name;
	bool down = false;

	if (text_is(target, "."))
		return true;
	if (!target.len || target.len >= MAX_PATH_BYTES || target.at[target.len - 1] == '/')
		return false;
	while (text_cut(&target, '/', &name)) {
		if (text_is(name, "..") && !down && depth) {
			depth--;
			continue;
		}
		if (!is_file_name(name))
			return false;
		down = true;
	}
	return true;
}

static void get_entry(struct wire_in *in, const struct wire_bounds *bounds, uint32_t depth,
	struct look_entry *entry)
{
	entry->name = wire_get_text(in, "name");
	entry->kind = wire_get_enum(in, LOOK_KINDS, "kind of file");
	entry->size = wire_get_u64(in, "file size");
	entry->mode = wire_get_u32(in, "file mode");
	entry->mtime_s = (int64_t)wire_get_u64(in, "file time");
	entry->identity = wire_get_u64(in, "file identity");
	entry->target = wire_get_text(in, "link target");
	wire_get_content(in, bounds, &entry->file);
	if (!is_file_name(entry->name))
		wire_refuse(in, "name", "cannot be a file's");
	if (entry->size > INT64_MAX)
		wire_refuse(in, "file size", "too big");
	if (entry->mode > 07777)
		wire_refuse(in, "file mode", "more than permissions");
	if (entry->kind != LOOK_LINK ? entry->target.len != 0 : !stays_inside(entry->target, depth))
		wire_refuse(in, "link target", "leads out of the volume, or is no link's");
	if (entry->file.present && (entry->kind != LOOK_FILE || entry->file.size != entry->size))
		wire_refuse(in, "content", "of no file, or not of its size");
}

/* `sizes` is room for those of the question's disks; of images no range can be read. */
static struct wire_bounds bounds_of(const struct question *question, uint64_t sizes[MAX_DISKS])
{
	for (uint32_t i = 0; i < question->n_disks; i++)
		sizes[i] = question->disks[i].image ? 0 : question->disks[i].size;
	return (struct wire_bounds){.disk_sizes = sizes, .n_disks = question->n_disks};
}

static void get_folder(struct wire_in *in, const struct question *question, struct volume_look *ret)
{
	uint64_t sizes[MAX_DISKS];
	struct wire_bounds bounds = bounds_of(question, sizes);
	uint32_t depth = path_depth(question->path);

	ret->number = wire_get_u64(in, "folder number");
	ret->skipped = wire_get_u32(in, "number of names skipped");
	ret->count = wire_get_count(in, LOOK_MAX_NAMES, LOOK_ENTRY_MIN, "number of names");
	ret->entries = wire_array(in, ret->count, sizeof(*ret->entries), "names");
	for (uint32_t i = 0; i < ret->count && ret->entries && !in->bad; i++) {
		get_entry(in, &bounds, depth, &ret->entries[i]);
		if (i && text_compare(ret->entries[i - 1].name, ret->entries[i].name) >= 0)
			wire_refuse(in, "name", "not behind the one before it");
	}
}

static void get_file(struct wire_in *in, const struct question *question, struct volume_look *ret)
{
	uint64_t sizes[MAX_DISKS];
	struct wire_bounds bounds = bounds_of(question, sizes);

	ret->bytes = wire_get_text(in, "file bytes");
	bounds.bytes = ret->bytes.len;
	wire_get_content(in, &bounds, &ret->file);
	if (!ret->file.present || ret->file.size != question->content_size)
		wire_refuse(in, "file", "not of the size that was asked for");
}

int wire_get_look(
	struct text bytes, const struct question *question, struct inspection *ret, struct err *err)
{
	bool folder = question->kind == QUESTION_FOLDER;
	struct wire_in in;
	struct text fields = {0};
	int r = wire_open(bytes, folder ? WIRE_FOLDER : WIRE_FILE, &fields, err);

	if (r < 0)
		return r;
	r = wire_begin(&in, fields, &ret->arena, err);
	if (r < 0)
		return r;
	if (folder)
		get_folder(&in, question, &ret->look);
	else
		get_file(&in, question, &ret->look);
	return wire_end(&in);
}
