/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/contents.h"

#include "core/checked.h"
#include "inspect/answer/parts.h"

#include <errno.h>
#include <inttypes.h>

enum { CHUNK = 1 << 20 }; /* bytes read and written at once */

/* The content under way: its parts, where they are read to, where they go. */
struct later {
	struct parts parts;
	int fd;
	struct err *err;
	char buf[CHUNK];
};

static int write_fully(struct later *later, uint64_t offset, size_t len)
{
	const char *at = later->buf;

	while (len) {
		ssize_t n = pwrite(later->fd, at, len, (off_t)offset);

		if (n <= 0)
			return err_set(later->err, n < 0 ? errno : ENOSPC, "writing a content: %s",
				strerror(n < 0 ? errno : ENOSPC));
		at += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* Copies `length` bytes of a part, from `skip` bytes after its start, to `offset`. */
static int copy(struct later *later, const struct part *part, uint64_t skip, uint64_t offset,
	uint64_t length)
{
	struct fs *fs = part->volume->fs;

	while (length) {
		size_t len = (size_t)min_u64(length, CHUNK);
		ssize_t n = fs->ops->read(fs, &part->node, part->at + skip, later->buf, len);
		int r;

		if (n <= 0)
			return err_set(later->err, n < 0 ? (int)-n : EIO,
				"reading a content at byte %" PRIu64 " of its file: %s",
				part->at + skip, strerror(n < 0 ? (int)-n : EIO));
		r = write_fully(later, offset, (size_t)n);
		if (r < 0)
			return r;
		skip += (uint64_t)n;
		offset += (uint64_t)n;
		length -= (uint64_t)n;
	}
	return 0;
}

/* [offset, offset + length) of the content, from whatever parts it lies in. */
static int copy_range(struct later *later, uint64_t offset, uint64_t length)
{
	uint64_t start = 0;

	for (uint32_t i = 0; i < later->parts.count && length; i++) {
		const struct part *part = &later->parts.at[i];
		uint64_t skip = offset - start, now;
		int r;

		start += part->length;
		if (offset >= start)
			continue;
		now = min_u64(length, part->length - skip);
		r = part->kind == PART_FILE ? copy(later, part, skip, offset, now) : 0;
		if (r < 0)
			return r;
		offset += now;
		length -= now;
	}
	return 0;
}

int contents_write_range(struct contents *contents, const struct volume *volume,
	const struct node *file, uint64_t offset, uint64_t length, int fd, struct err *err)
{
	struct part part = {.kind = PART_FILE, .volume = volume, .node = *file};
	struct later *later = arena_new(&contents->guest->inspection->arena, struct later);

	if (!later)
		return err_set(err, ENOMEM, "no memory for a content (inspect-memory)");
	later->fd = fd;
	later->err = err;
	return copy(later, &part, offset, 0, length);
}

int contents_write_later(struct contents *contents, const struct menu_entry *entry,
	enum content_slot slot, int fd, struct err *err)
{
	const struct content *content = &entry->content[slot];
	struct later *later = arena_new(&contents->guest->inspection->arena, struct later);
	uint64_t offset = 0;
	int r;

	if (!later)
		return err_set(err, ENOMEM, "no memory for a content (inspect-memory)");
	later->fd = fd;
	later->err = err;
	r = parts_of(contents->guest, entry, slot, &contents->bytes, &later->parts, err);
	for (uint32_t i = 0; i < content->count && r == 0; i++) {
		const struct piece *piece = &content->pieces[i];

		if (piece->kind == PIECE_LATER)
			r = copy_range(later, offset, piece->length);
		offset += piece->length;
	}
	return r;
}
