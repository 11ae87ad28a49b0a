/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/iso9660/iso9660.h"
#include "parsers/fs/unicode.h"

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
	JOLIET_UNITS = LABEL_BYTES / 2,
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

static bool is_capital(uint16_t unit)
{
	return unit >= 'A' && unit <= 'Z';
}

/*
 * One character of a label that both descriptors have: an underscore stands for what a character
 * set lacks, and the primary one may be in capitals. False where they contradict each other.
 */
static bool merge_character(uint16_t primary, uint16_t joliet, uint16_t *ret)
{
	bool capital = is_capital(primary);

	*ret = primary == '_' || capital ? joliet : primary;
	return primary == '_' || joliet == '_' || primary == joliet ||
	       (capital ? primary + 32 == joliet : is_capital(joliet) && joliet + 32 == primary);
}

/* The label of both descriptors together, Joliet's where they contradict; UTF-16. */
static size_t merge_labels(
	const unsigned char *primary, const uint16_t *joliet, uint16_t ret[LABEL_BYTES])
{
	size_t len = 0, u = 0;

	for (size_t a = 0; a < LABEL_BYTES && len < LABEL_BYTES; a++, len++) {
		if (u + 1 < JOLIET_UNITS && joliet[u] >= 0xd800 && joliet[u] <= 0xdbff)
			ret[len++] = joliet[u++];
		ret[len] = primary[a];
		if (u < JOLIET_UNITS && !merge_character(primary[a], joliet[u++], &ret[len])) {
			memcpy(ret, joliet, JOLIET_UNITS * sizeof(*ret));
			return JOLIET_UNITS;
		}
	}
	return len;
}

/* Joliet's label is half as long as the primary one, but in Unicode; it may be empty. */
static struct text joliet_label(const struct iso_volume *volume, char ret[LABEL_BYTES * 3])
{
	const unsigned char *bytes = volume->joliet + AT_LABEL;
	uint16_t joliet[JOLIET_UNITS], merged[LABEL_BYTES];
	bool empty = true;
	size_t len;

	for (size_t i = 0; i < JOLIET_UNITS; i++) {
		joliet[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
		empty = empty && (joliet[i] == ' ' || joliet[i] == 0);
	}
	if (empty)
		return (struct text){ret, 0};
	len = merge_labels(volume->primary + AT_LABEL, joliet, merged);
	return (struct text){ret, unicode_from_utf16(merged, len, ret)};
}

static struct text without_fill(struct text label)
{
	label = text_first(label, text_find(label, 0));
	while (label.len && label.at[label.len - 1] == ' ')
		label.len--;
	return label;
}

int iso_take_names(const struct iso_volume *volume, struct arena *arena, struct fs *fs)
{
	struct text label = {(const char *)volume->primary + AT_LABEL, LABEL_BYTES};
	struct text joliet = {0};
	char room[LABEL_BYTES * 3];
	int r;

	if (volume->has_joliet)
		joliet = without_fill(joliet_label(volume, room));
	r = arena_text(arena, joliet.len ? joliet : without_fill(label), &fs->label);
	return r < 0 ? r : take_uuid(volume, arena, fs);
}
