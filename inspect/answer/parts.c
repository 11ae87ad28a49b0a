/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/parts.h"

#include "core/checked.h"
#include "core/size.h"
#include "inspect/answer/newc.h"

#include <errno.h>

const char *slot_name(enum content_slot slot)
{
	static const char *const names[CONTENT_SLOTS] = {
		[SLOT_KERNEL] = "kernel",
		[SLOT_INITRD] = "initrd",
		[SLOT_DEVICETREE] = "device tree",
		[SLOT_XEN] = "hypervisor",
	};

	return names[slot];
}

static struct boot_file *files_of(const struct menu_entry *entry, enum content_slot slot)
{
	switch (slot) {
	case SLOT_KERNEL:
		return entry->kernel;
	case SLOT_INITRD:
		return entry->initrds;
	case SLOT_DEVICETREE:
		return entry->devicetree;
	case SLOT_XEN:
		return entry->hypervisor;
	default:
		return NULL;
	}
}

/* ---- one file -------------------------------------------------------------------------------- */

static int refuse(struct err *why, const char *what, const struct boot_file *file, const char *is)
{
	return err_set(why, EINVAL, "%s %s: %.*s", what, is, TEXT_ARG(file->path));
}

static int refuse_error(struct err *why, const char *what, const struct boot_file *file, int error)
{
	if (error == -ENOMEM)
		return -ENOMEM;
	if (error == -ENOENT || error == -ENOTDIR)
		return refuse(why, what, file, "missing");
	if (error == -ENODEV)
		return err_set(
			why, EINVAL, "%s: no such device: %.*s", what, TEXT_ARG(file->volume));
	return err_set(why, EINVAL, "%s unreadable: %.*s: %s", what, TEXT_ARG(file->path),
		strerror(-error));
}

/* The file, and which part of it, as a part. */
static int file_part(struct guest *guest, const char *what, struct boot_file *file,
	struct part *ret, struct err *why)
{
	struct volume *volume;
	struct node node;
	int r = guest_look_up(guest, file->volume, file->path, &volume, &node);

	if (r < 0)
		return refuse_error(why, what, file, r);
	if (node.type == NODE_FOLDER)
		return refuse(why, what, file, "is a folder");
	if (node.type != NODE_FILE)
		return refuse(why, what, file, "is a device, fifo or socket");
	*ret = (struct part){.volume = volume, .node = node, .length = node.size};
	if (file->part_length) {
		ret->at = file->part_offset;
		ret->length = file->part_length;
		if (!range_inside(ret->at, ret->length, node.size))
			return refuse(why, what, file, "reaches past the end of its file");
	}
	file->size = ret->length;
	return 0;
}

/* ---- several files, joined ------------------------------------------------------------------- */

static int add_part(struct parts *parts, const struct part *part)
{
	if (!part->length)
		return 0;
	if (parts->count == ARRAY_SIZE(parts->at) ||
		!checked_add(parts->size, part->length, &parts->size))
		return -EFBIG;
	parts->at[parts->count++] = *part;
	return 0;
}

/* What was appended to `bytes` since it was `start` long. */
static int add_bytes(struct parts *parts, struct strbuf *bytes, size_t start)
{
	struct part part = {.kind = PART_BYTES, .at = start, .length = bytes->len - start};

	if (bytes->failed == -EFBIG) {
		/* The other entries need no more room than there is. */
		bytes->failed = 0;
		strbuf_cut(bytes, start);
		return -EFBIG;
	}
	return bytes->failed ? -ENOMEM : add_part(parts, &part);
}

static int add_padding(struct parts *parts)
{
	struct part part = {.kind = PART_ZERO, .length = -parts->size & 3};

	return add_part(parts, &part);
}

/* GRUB aligns the start of every file to 4 bytes, and adds nothing behind the last. */
static int add_initrd(struct parts *parts, struct newc *newc, bool *in_archive,
	const struct boot_file *file, const struct part *part, struct strbuf *bytes)
{
	size_t start = bytes->len;
	int r = add_padding(parts);

	if (file->newc.len)
		newc_add_file(newc, bytes, file->newc, part->length);
	else if (*in_archive)
		newc_end(newc, bytes);
	*in_archive = file->newc.len > 0;
	if (r == 0)
		r = add_bytes(parts, bytes, start);
	return r < 0 ? r : add_part(parts, part);
}

static int add_end(struct parts *parts, struct newc *newc, struct strbuf *bytes)
{
	size_t start = bytes->len;
	int r = add_padding(parts);

	newc_end(newc, bytes);
	return r < 0 ? r : add_bytes(parts, bytes, start);
}

static int join(struct guest *guest, struct boot_file *files, const char *what, uint64_t limit,
	struct strbuf *bytes, struct parts *ret, struct err *why)
{
	struct newc newc = {.count = 0};
	bool in_archive = false;
	uint64_t total = 0;
	int r = 0;

	for (struct boot_file *file = files; file && r == 0; file = file->next) {
		struct part part = {0};

		r = file_part(guest, what, file, &part, why);
		if (r < 0)
			return r;
		if (!checked_add(total, part.length, &total))
			total = UINT64_MAX;
		if (total > limit)
			return err_set(why, EINVAL, "%s too big: %s, limit %s (max-%s)", what,
				size_text(total).at, size_text(limit).at,
				files->next || text_is(text_of(what), "initrd") ? "initrd"
										: "kernel");
		r = add_initrd(ret, &newc, &in_archive, file, &part, bytes);
	}
	if (r == 0 && in_archive)
		r = add_end(ret, &newc, bytes);
	return r == -EFBIG ? err_set(why, EINVAL, "%s has too many files", what) : r;
}

int parts_of(struct guest *guest, const struct menu_entry *entry, enum content_slot slot,
	struct strbuf *bytes, struct parts *ret, struct err *why)
{
	const struct limits *limits = &guest->question->limits;
	uint64_t limit = slot == SLOT_INITRD ? limits->max_initrd : limits->max_kernel;
	struct boot_file *files = files_of(entry, slot);

	ret->count = 0;
	ret->size = 0;
	return join(guest, files, slot_name(slot), limit, bytes, ret, why);
}
