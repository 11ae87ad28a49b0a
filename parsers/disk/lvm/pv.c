/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/lvm/pv.h"

#include "core/bytes.h"
#include "core/checked.h"
#include "model/limits.h"

#include <errno.h>
#include <string.h>
#include <zlib.h>

enum {
	SECTOR = 512,
	LABEL_SECTORS = 4,
	AREA_HEADER = 512, /* in front of the ring that holds the texts */
	LOCATION_IGNORED = 1,
	MAX_TEXT = 4 << 20, /* bytes */
};
static const uint32_t crc_start = 0xf597a6cf;

struct label {
	char magic[8];
	struct le64 sector;
	struct le32 crc, content_at;
	char type[8];
};

struct location {
	struct le64 offset, size;
};

struct area_header {
	struct le32 crc;
	char magic[16];
	struct le32 version;
	struct le64 start, size;
	struct {
		struct le64 offset, size;
		struct le32 crc, flags;
	} committed;
} __attribute__((packed));

/* LVM's sum starts with its own value and is not turned over at the ends. */
static uint32_t lvm_crc(const void *bytes, size_t len)
{
	return (uint32_t)~crc32(~crc_start, bytes, (uInt)len);
}

bool lvm_id_equal(const char id[LVM_ID], struct text text)
{
	size_t at = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '-')
			continue;
		if (at == LVM_ID || text.at[i] != id[at++])
			return false;
	}
	return at == LVM_ID;
}

/* The label's sector, in `sector`. 1, 0 where none is, -EIO. */
static int find_label(const struct blockdev *dev, uint8_t sector[SECTOR])
{
	for (unsigned i = 0; i < LABEL_SECTORS; i++) {
		int err = blockdev_read(dev, (uint64_t)i * SECTOR, sector, SECTOR);

		if (err)
			return err == -ERANGE ? 0 : err;
		if (!memcmp(sector, "LABELONE", 8) &&
			!memcmp(sector + offsetof(struct label, type), "LVM2 001", 8))
			return 1;
	}
	return 0;
}

/* Copies the text out of the ring, which goes on at its start where it ends. */
static int read_ring(const struct blockdev *dev, uint64_t area, uint64_t area_size, uint64_t offset,
	char *to, size_t size)
{
	size_t part = (size_t)min_u64(size, area_size - offset);
	int err = blockdev_read(dev, area + offset, to, part);

	if (!err && part < size)
		err = blockdev_read(dev, area + AREA_HEADER, to + part, size - part);
	return err;
}

/* The committed text of one area: 1 read, 0 none or a damaged one. */
static int read_area(const struct blockdev *dev, const struct location *location,
	struct arena *arena, struct lvm_pv *pv)
{
	uint64_t area = le64_get(location->offset), size, offset, length;
	struct area_header header;
	char *text;

	if (blockdev_read(dev, area, &header, sizeof(header)) ||
		memcmp(header.magic, " LVM2 x[5A%r0N*>", sizeof(header.magic)) != 0)
		return 0;
	size = le64_get(header.size);
	offset = le64_get(header.committed.offset);
	length = le64_get(header.committed.size);
	if (!offset || !length || le32_get(header.committed.flags) & LOCATION_IGNORED)
		return 0;
	pv->damaged = true;
	if (length > MAX_TEXT || size <= AREA_HEADER || offset < AREA_HEADER || offset >= size ||
		length > size - AREA_HEADER || !range_inside(area, size, dev->size))
		return 0;
	text = arena_alloc(arena, (size_t)length);
	if (!text)
		return -ENOMEM;
	if (read_ring(dev, area, size, offset, text, (size_t)length) ||
		lvm_crc(text, (size_t)length) != le32_get(header.committed.crc)) {
		arena_release(arena, text);
		return 0;
	}
	pv->damaged = false;
	pv->text = (struct text){text, (size_t)length};
	return 1;
}

/* Walks over the two lists behind the header: where data lies, then where metadata does. */
static int read_areas(
	const uint8_t sector[SECTOR], size_t at, struct arena *arena, struct lvm_pv *pv)
{
	struct location location;
	bool data = true;
	int found = 0;

	for (; !found && at + sizeof(location) <= SECTOR; at += sizeof(location)) {
		memcpy(&location, sector + at, sizeof(location));
		if (!le64_get(location.offset)) {
			if (!data)
				return 0;
			data = false;
		} else if (!data) {
			found = read_area(&pv->dev, &location, arena, pv);
		}
	}
	return found < 0 ? found : 0;
}

int lvm_pv_read(const struct blockdev *dev, struct arena *arena, struct lvm_pv *ret)
{
	uint8_t sector[SECTOR];
	struct label label;
	int err, found = find_label(dev, sector);
	size_t at;

	*ret = (struct lvm_pv){.dev = *dev};
	if (found != 1)
		return found;
	memcpy(&label, sector, sizeof(label));
	at = le32_get(label.content_at);
	if (at > SECTOR - LVM_ID - sizeof(struct le64))
		return 0;
	memcpy(ret->id, sector + at, LVM_ID);
	err = read_areas(sector, at + LVM_ID + sizeof(struct le64), arena, ret);
	return err ? err : 1;
}
