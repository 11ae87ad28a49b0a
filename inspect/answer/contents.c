/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/contents.h"

#include "core/checked.h"
#include "core/hash.h"
#include "inspect/answer/parts.h"
#include "parsers/kernel/kernel.h"

#include <errno.h>

enum {
	MAX_PIECES = 1 << 20, /* of all entries: what an answer can carry */
	MAX_BYTES = 1 << 20,  /* of all cpio headers */
};

/* A kernel or the like that several entries name. */
struct contents_seen {
	struct contents_seen *next;
	const struct boot_file *file;
	enum content_slot slot; /* their limits differ */
	struct content content;
	struct kernel_info info; /* SLOT_KERNEL */
};

void contents_init(struct contents *contents, struct guest *guest)
{
	*contents = (struct contents){
		.guest = guest,
		.bytes = {.limit = MAX_BYTES},
		.pieces_left = MAX_PIECES,
	};
}

void contents_done(struct contents *contents)
{
	strbuf_done(&contents->bytes);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

struct pieces {
	struct piece *at;
	uint32_t count, room, most;
};

static void pieces_done(struct pieces *pieces)
{
	free(pieces->at);
}

/* Does it go on where the last one ends? */
static bool continues(const struct piece *last, const struct piece *piece)
{
	if (last->kind != piece->kind)
		return false;
	if (piece->kind == PIECE_ZERO || piece->kind == PIECE_LATER)
		return true;
	return last->disk == piece->disk && last->at + last->length == piece->at;
}

static int pieces_add(struct pieces *pieces, const struct piece *piece)
{
	struct piece *bigger;
	uint32_t room = pieces->room ? pieces->room * 2 : 16;

	if (pieces->count && continues(&pieces->at[pieces->count - 1], piece)) {
		pieces->at[pieces->count - 1].length += piece->length;
		return 0;
	}
	if (pieces->count == pieces->most)
		return -EFBIG;
	if (pieces->count == pieces->room) {
		bigger = reallocarray(pieces->at, room, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		pieces->at = bigger;
		pieces->room = room;
	}
	pieces->at[pieces->count++] = *piece;
	return 0;
}

/* -ERANGE: the extent lies outside its disk. */
static int add_extent(
	struct pieces *pieces, const struct question *question, const struct extent *extent)
{
	static const enum piece_kind kinds[] = {
		[EXTENT_DISK] = PIECE_DISK,
		[EXTENT_ZERO] = PIECE_ZERO,
		[EXTENT_LATER] = PIECE_LATER,
	};
	struct piece piece = {.kind = kinds[extent->kind], .length = extent->length};

	if (extent->kind == EXTENT_DISK) {
		piece.disk = extent->disk;
		piece.at = extent->at;
		if (piece.disk >= question->n_disks ||
			!range_inside(piece.at, piece.length, question->disks[piece.disk].size))
			return -ERANGE;
	}
	return pieces_add(pieces, &piece);
}

/* Where the part's bytes lie; all of it "later" where the reader cannot say. */
static int part_extents(const struct part *part, struct extents *ret)
{
	_extents_ struct extents whole = {0};
	struct fs *fs = part->volume->fs;
	int r = fs->ops->extents(fs, &part->node, &whole);

	if (r == -ENOTSUP)
		return extents_add(ret, EXTENT_LATER, 0, 0, part->length);
	return r < 0 ? r : extents_slice(&whole, part->at, part->length, ret);
}

static int add_file(struct pieces *pieces, const struct question *question, const struct part *part)
{
	_extents_ struct extents extents = {0};
	int r = part_extents(part, &extents);

	for (uint32_t i = 0; i < extents.count && r == 0; i++)
		r = add_extent(pieces, question, &extents.at[i]);
	return r;
}

static int add_part(struct pieces *pieces, const struct question *question, const struct part *part)
{
	struct piece piece = {
		.kind = part->kind == PART_BYTES ? PIECE_BYTES : PIECE_ZERO,
		.at = part->at,
		.length = part->length,
	};

	return part->kind == PART_FILE ? add_file(pieces, question, part)
				       : pieces_add(pieces, &piece);
}

/* ---- contents -------------------------------------------------------------------------------- */

static uint64_t identify(const struct parts *parts, const struct pieces *pieces)
{
	uint64_t hash = HASH_START;

	for (uint32_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->at[i];

		hash = hash_number(hash, part->kind);
		hash = hash_number(hash, part->at);
		hash = hash_number(hash, part->length);
		if (part->kind == PART_FILE)
			hash = hash_number(hash, guest_identity(part->volume, &part->node));
	}
	for (uint32_t i = 0; i < pieces->count; i++) {
		hash = hash_number(hash, pieces->at[i].kind);
		hash = hash_number(hash, pieces->at[i].disk);
		hash = hash_number(hash, pieces->at[i].at);
		hash = hash_number(hash, pieces->at[i].length);
	}
	return hash;
}

static int keep(struct contents *contents, const struct parts *parts, const struct pieces *pieces,
	struct content *ret)
{
	struct piece *at = NULL;

	if (pieces->count) {
		at = arena_array(&contents->guest->inspection->arena, pieces->count, sizeof(*at));
		if (!at)
			return -ENOMEM;
		memcpy(at, pieces->at, pieces->count * sizeof(*at));
	}
	contents->pieces_left -= pieces->count;
	*ret = (struct content){
		.present = true,
		.size = parts->size,
		.pieces = at,
		.count = pieces->count,
		.identity = identify(parts, pieces),
	};
	return 0;
}

static int cannot_place(struct err *why, enum content_slot slot, int error)
{
	const char *what = slot_name(slot);

	if (error == -ENOMEM)
		return -ENOMEM;
	if (error == -EFBIG)
		return err_set(why, EINVAL, "%s lies in too many pieces", what);
	if (error == -ERANGE)
		return err_set(why, EINVAL, "%s lies outside the disk: is it cut off?", what);
	return err_set(why, EINVAL, "%s unreadable: %s", what, strerror(-error));
}

static int place(struct contents *contents, const struct menu_entry *entry, enum content_slot slot,
	struct content *ret, struct err *why)
{
	CLEANUP(pieces_done) struct pieces pieces = {.most = contents->pieces_left};
	struct guest *guest = contents->guest;
	struct parts parts;
	int r = parts_of(guest, entry, slot, &contents->bytes, &parts, why);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < parts.count && r == 0; i++)
		r = add_part(&pieces, guest->question, &parts.at[i]);
	if (r == 0)
		r = keep(contents, &parts, &pieces, ret);
	return r < 0 ? cannot_place(why, slot, r) : 0;
}

int contents_place_file(struct contents *contents, const struct volume *volume,
	const struct node *file, struct content *ret, struct err *why)
{
	CLEANUP(pieces_done) struct pieces pieces = {.most = contents->pieces_left};
	struct parts parts = {.count = 0, .size = file->size};
	int r = 0;

	if (file->size) {
		parts.at[parts.count++] = (struct part){
			.kind = PART_FILE, .length = file->size, .volume = volume, .node = *file};
		r = add_file(&pieces, contents->guest->question, &parts.at[0]);
	}
	if (r == 0)
		r = keep(contents, &parts, &pieces, ret);
	return r < 0 ? cannot_place(why, SLOT_KERNEL, r) : 0;
}

/* ---- the same kernel in many entries --------------------------------------------------------- */

static bool same_part(const struct boot_file *a, const struct boot_file *b)
{
	return text_equal(a->path, b->path) && text_equal(a->volume, b->volume) &&
	       a->part_offset == b->part_offset && a->part_length == b->part_length;
}

static struct contents_seen **bucket_of(struct contents *contents, const struct boot_file *file)
{
	uint64_t hash = hash_number(hash_text(HASH_START, file->path), file->part_offset);

	return &contents->seen[hash % ARRAY_SIZE(contents->seen)];
}

static struct contents_seen *seen_before(
	struct contents *contents, const struct boot_file *file, enum content_slot slot)
{
	struct contents_seen *seen;

	for (seen = *bucket_of(contents, file); seen; seen = seen->next) {
		if (seen->slot == slot && same_part(seen->file, file))
			return seen;
	}
	return NULL;
}

/* What is not known stays empty: a kernel that nobody knows is booted like any other. */
static void look_at_kernel(
	struct guest *guest, const struct boot_file *file, struct kernel_info *ret)
{
	if (kernel_info_read(&guest->files, file, &guest->inspection->arena, ret) < 0)
		*ret = (struct kernel_info){0};
}

static int place_one(struct contents *contents, struct menu_entry *entry, enum content_slot slot,
	struct boot_file *file, struct contents_seen **ret, struct err *why)
{
	struct contents_seen *seen = seen_before(contents, file, slot), **bucket;
	int r;

	if (seen) {
		file->size = seen->file->size;
		*ret = seen;
		return 0;
	}
	seen = arena_new(&contents->guest->inspection->arena, struct contents_seen);
	if (!seen)
		return -ENOMEM;
	r = place(contents, entry, slot, &seen->content, why);
	if (r < 0)
		return r;
	if (slot == SLOT_KERNEL)
		look_at_kernel(contents->guest, file, &seen->info);
	bucket = bucket_of(contents, file);
	seen->file = file;
	seen->slot = slot;
	seen->next = *bucket;
	*bucket = seen;
	*ret = seen;
	return 0;
}

/* ---- entries --------------------------------------------------------------------------------- */

static int complete_kernel(struct contents *contents, struct menu_entry *entry, struct err *why)
{
	struct contents_seen *seen;
	int r;

	if (!entry->kernel)
		return 0;
	r = place_one(contents, entry, SLOT_KERNEL, entry->kernel, &seen, why);
	if (r < 0)
		return r;
	entry->content[SLOT_KERNEL] = seen->content;
	entry->kernel_info = seen->info;
	/* The menu is right all the same; whoever starts it must say why it cannot be. */
	if (!seen->content.size)
		report_add(&contents->guest->inspection->report, REPORT_WARNING,
			"entry %d: %.*s is empty (0 bytes)", (int)entry->index,
			TEXT_ARG(entry->kernel->path));
	return 0;
}

/* What is one file, and may be the same in many entries. */
static int complete_single(struct contents *contents, struct menu_entry *entry,
	enum content_slot slot, struct boot_file *file, struct err *why)
{
	struct contents_seen *seen;
	int r;

	if (!file)
		return 0;
	r = place_one(contents, entry, slot, file, &seen, why);
	if (r == 0)
		entry->content[slot] = seen->content;
	return r;
}

static int complete_initrd(struct contents *contents, struct menu_entry *entry, struct err *why)
{
	struct boot_file *first = entry->initrds;

	if (first && !first->next && !first->newc.len)
		return complete_single(contents, entry, SLOT_INITRD, first, why);
	return first ? place(contents, entry, SLOT_INITRD, &entry->content[SLOT_INITRD], why) : 0;
}

static void complete_modules(struct contents *contents, struct menu_entry *entry)
{
	struct volume *volume;
	struct node node;

	for (struct boot_file *file = entry->modules; file; file = file->next) {
		if (guest_look_up(contents->guest, file->volume, file->path, &volume, &node) == 0)
			file->size = node.size;
	}
}

static int refuse_entry(struct contents *contents, struct menu_entry *entry, const struct err *why)
{
	struct inspection *inspection = contents->guest->inspection;

	memset(entry->content, 0, sizeof(entry->content));
	report_add(&inspection->report, REPORT_WARNING, "entry %d: %s", entry->index, why->text);
	return arena_text(&inspection->arena, text_of(why->text), &entry->error);
}

/*
 * Only an ARM kernel needs its device tree: without it U-Boot passes the entry over. On x86, and for
 * a Xen guest, whose tree Xen makes, a tree that is missing is left out.
 */
static int complete_devicetree(struct contents *contents, struct menu_entry *entry, struct err *why)
{
	struct report *report = &contents->guest->inspection->report;
	int r = complete_single(contents, entry, SLOT_DEVICETREE, entry->devicetree, why);

	if (r != -EINVAL || text_starts(entry->kernel_info.format, TEXT("arm64")))
		return r;
	report_add(report, REPORT_NOTE, "entry %d: no device tree is needed: %s", entry->index,
		why->text);
	*why = (struct err){0};
	entry->devicetree = NULL;
	entry->content[SLOT_DEVICETREE] = (struct content){0};
	return 0;
}

static int complete(struct contents *contents, struct menu_entry *entry, struct err *why)
{
	int r = complete_kernel(contents, entry, why);

	if (r == 0)
		r = complete_initrd(contents, entry, why);
	if (r == 0)
		r = complete_devicetree(contents, entry, why);
	if (r == 0)
		r = complete_single(contents, entry, SLOT_XEN, entry->hypervisor, why);
	complete_modules(contents, entry);
	return r;
}

int contents_complete(struct contents *contents, struct menu_entry *entry)
{
	struct err why = {0};
	int r;

	if (!menu_entry_boots(entry))
		return 0;
	r = complete(contents, entry, &why);
	return r == -EINVAL ? refuse_entry(contents, entry, &why) : r;
}
