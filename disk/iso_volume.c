/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk/iso.h"
#include "disk/unicode.h"

#include <errno.h>
#include <string.h>

enum {
	FIRST_DESCRIPTOR = 16, /* sector */
	MAX_DESCRIPTORS = 64,
	TYPE_PRIMARY = 1,
	TYPE_SUPPLEMENTARY = 2,
	TYPE_END = 255,
	AT_LABEL = 40,
	LABEL_BYTES = 32,
	AT_ESCAPES = 88,
	AT_BLOCK_SIZE = 128,
	AT_ROOT = 156,
	AT_CREATED = 813,
	AT_MODIFIED = 830,
	DATE_DIGITS = 16,
};

static bool is_descriptor(const unsigned char *bytes)
{
	return memcmp(bytes + 1, "CD001", 5) == 0;
}

int iso_probe(const struct blockdev *dev)
{
	unsigned char head[7];
	int r = blockdev_read(dev, FIRST_DESCRIPTOR * ISO_SECTOR, head, sizeof(head));

	if (r < 0)
		return r == -ERANGE ? 0 : r;
	return head[0] == TYPE_PRIMARY && is_descriptor(head);
}

static bool is_joliet(const unsigned char *bytes)
{
	const unsigned char *escapes = bytes + AT_ESCAPES;

	return bytes[0] == TYPE_SUPPLEMENTARY && escapes[0] == '%' && escapes[1] == '/' &&
	       (escapes[2] == '@' || escapes[2] == 'C' || escapes[2] == 'E');
}

int iso_read_volume(const struct blockdev *dev, struct iso_volume *ret, struct err *err)
{
	bool has_primary = false;

	for (uint32_t i = 0; i < MAX_DESCRIPTORS; i++) {
		unsigned char bytes[ISO_SECTOR];
		int r = blockdev_read(
			dev, (FIRST_DESCRIPTOR + i) * (uint64_t)ISO_SECTOR, bytes, sizeof(bytes));

		if (r == -EIO)
			return err_set(err, EIO, "cannot read the volume descriptors");
		if (r < 0 || !is_descriptor(bytes) || bytes[0] == TYPE_END)
			break;
		if (bytes[0] == TYPE_PRIMARY && !has_primary) {
			memcpy(ret->primary, bytes, sizeof(bytes));
			has_primary = true;
		} else if (is_joliet(bytes) && !ret->has_joliet) {
			memcpy(ret->joliet, bytes, sizeof(bytes));
			ret->has_joliet = true;
		}
	}
	return has_primary ? 0 : err_set(err, EINVAL, "not an ISO 9660 file system");
}

const unsigned char *iso_root_record(const unsigned char descriptor[ISO_SECTOR])
{
	return descriptor + AT_ROOT;
}

uint32_t iso_block_size(const struct iso_volume *volume)
{
	struct le16 size;

	memcpy(&size, volume->primary + AT_BLOCK_SIZE, sizeof(size));
	return le16_get(size);
}

/* "2020-01-31-23-59-59-00"; false where the date is not set. */
static bool date_uuid(const unsigned char *date, char ret[24])
{
	char *to = ret;
	bool set = date[DATE_DIGITS] != 0;

	for (uint32_t i = 0; i < DATE_DIGITS; i++) {
		if (date[i] < '0' || date[i] > '9')
			return false;
		set = set || date[i] != '0';
		if (i >= 4 && i % 2 == 0)
			*to++ = '-';
		*to++ = (char)date[i];
	}
	*to = '\0';
	return set;
}

static int take_uuid(const struct iso_volume *volume, struct arena *arena, struct fs *fs)
{
	char uuid[24];

	if (!date_uuid(volume->primary + AT_MODIFIED, uuid) &&
		!date_uuid(volume->primary + AT_CREATED, uuid))
		return 0;
	return arena_text(arena, text_of(uuid), &fs->uuid);
}

/*
 * The primary label in UTF-8. It has an underscore for whatever its character set lacks; Joliet's
 * label, half as long, knows better which characters those are.
 */
static struct text merged_label(const struct iso_volume *volume, char ret[LABEL_BYTES * 3])
{
	const unsigned char *primary = volume->primary + AT_LABEL;
	const unsigned char *joliet = volume->joliet + AT_LABEL;
	uint16_t units[LABEL_BYTES];

	for (uint32_t i = 0; i < LABEL_BYTES; i++) {
		units[i] = primary[i];
		if (primary[i] == '_' && i < LABEL_BYTES / 2)
			units[i] = (uint16_t)(joliet[2 * i] << 8 | joliet[2 * i + 1]);
	}
	return (struct text){ret, unicode_from_utf16(units, LABEL_BYTES, ret)};
}

int iso_take_names(const struct iso_volume *volume, struct arena *arena, struct fs *fs)
{
	char merged[LABEL_BYTES * 3];
	struct text label = {(const char *)volume->primary + AT_LABEL, LABEL_BYTES};
	int r;

	if (volume->has_joliet)
		label = merged_label(volume, merged);
	label = text_first(label, text_find(label, 0));
	while (label.len && label.at[label.len - 1] == ' ')
		label.len--;
	r = arena_text(arena, label, &fs->label);
	return r < 0 ? r : take_uuid(volume, arena, fs);
}
