/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/calendar.h"
#include "parsers/fs/iso9660/iso9660.h"
#include "parsers/fs/name.h"
#include "parsers/fs/unicode.h"

#include <errno.h>
#include <string.h>

/* A directory record up to its name. Numbers stand in both byte orders, the little one first. */
struct raw_record {
	unsigned char length, attribute_blocks;
	struct le32 block, block_be, size, size_be;
	unsigned char time[7], flags, unit_size, gap;
	struct le16 volume, volume_be;
	unsigned char id_length;
} __attribute__((packed));
_Static_assert(sizeof(struct raw_record) == 33, "a directory record");

int64_t iso_short_time(const unsigned char bytes[7])
{
	int64_t local =
		calendar_seconds(1900 + bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);

	return local - (int64_t)(signed char)bytes[6] * 15 * 60;
}

/* Digits as a number; what is no digit counts as 0. */
static int32_t decimal(const unsigned char *digits, uint32_t count)
{
	int32_t value = 0;

	for (uint32_t i = 0; i < count; i++)
		value = value * 10 + (digits[i] >= '0' && digits[i] <= '9' ? digits[i] - '0' : 0);
	return value;
}

int64_t iso_long_time(const unsigned char bytes[17])
{
	int64_t local =
		calendar_seconds(decimal(bytes, 4), decimal(bytes + 4, 2), decimal(bytes + 6, 2),
			decimal(bytes + 8, 2), decimal(bytes + 10, 2), decimal(bytes + 12, 2));

	return local - (int64_t)(signed char)bytes[16] * 15 * 60;
}

int iso_parse_record(
	const struct iso *iso, const unsigned char *bytes, size_t room, struct iso_record *ret)
{
	struct raw_record raw;
	size_t system_use;

	if (room < sizeof(raw))
		return -EUCLEAN;
	memcpy(&raw, bytes, sizeof(raw));
	/* The padding byte behind a name of even length. */
	system_use = sizeof(raw) + raw.id_length + (raw.id_length % 2 == 0);
	if (raw.length > room || !raw.id_length || sizeof(raw) + raw.id_length > raw.length)
		return -EUCLEAN;
	memcpy(ret->raw, bytes, raw.length);
	ret->start = ((uint64_t)le32_get(raw.block) + raw.attribute_blocks) * iso->block_size;
	ret->length = le32_get(raw.size);
	ret->flags = raw.flags;
	ret->interleaved = raw.unit_size || raw.gap;
	ret->mtime_s = iso_short_time(raw.time);
	ret->id = (struct text){ret->raw + sizeof(raw), raw.id_length};
	ret->system_use = text_skip((struct text){ret->raw, raw.length}, system_use);
	return 0;
}

int iso_next_record(struct iso *iso, struct iso_place *place, struct iso_record *ret)
{
	const unsigned char *bytes;
	size_t length = 0;
	int r;

	while (place->at < place->end) {
		r = readcache_get(&iso->record_cache, place->at, 1, &bytes);
		if (r < 0)
			return r == -ERANGE ? -EUCLEAN : r;
		length = bytes[0];
		if (length)
			break;
		/* The rest of a block that had no room for another record. */
		place->at += iso->block_size - place->at % iso->block_size;
	}
	if (place->at >= place->end)
		return 0;
	if (length > place->end - place->at)
		return -EUCLEAN;
	r = readcache_get(&iso->record_cache, place->at, length, &bytes);
	if (r < 0)
		return r == -ERANGE ? -EUCLEAN : r;
	r = iso_parse_record(iso, bytes, length, ret);
	if (r < 0)
		return r;
	ret->at = place->at;
	place->at += length;
	return 1;
}

bool iso_is_dot(const struct iso_record *record)
{
	return record->id.len == 1 && (record->id.at[0] == 0 || record->id.at[0] == 1);
}

/* "VMLINUZ.;1" is "VMLINUZ": without version and the dot of an empty extension. */
static struct text without_version(struct text name)
{
	size_t digits = name.len;

	while (digits && name.at[digits - 1] >= '0' && name.at[digits - 1] <= '9')
		digits--;
	if (digits > 1 && digits < name.len && name.at[digits - 1] == ';')
		name.len = digits - 1;
	while (name.len > 1 && name.at[name.len - 1] == '.')
		name.len--;
	return name;
}

static struct text joliet_name(struct text id, char *room)
{
	uint16_t units[ISO_RECORD_MAX / 2];
	size_t count = id.len / 2;

	for (size_t i = 0; i < count; i++)
		units[i] = (uint16_t)((unsigned char)id.at[2 * i] << 8 |
				      (unsigned char)id.at[2 * i + 1]);
	return (struct text){room, unicode_from_utf16(units, count, room)};
}

/* In small letters, as Linux shows it; looking up ignores the case. */
static struct text plain_name(struct text id, char *room)
{
	for (size_t i = 0; i < id.len; i++)
		room[i] = id.at[i] >= 'A' && id.at[i] <= 'Z' ? (char)(id.at[i] + 32) : id.at[i];
	return (struct text){room, id.len};
}

struct text iso_name(
	const struct iso *iso, const struct iso_record *record, char room[ISO_NAME_ROOM])
{
	struct text name =
		iso->joliet ? joliet_name(record->id, room) : plain_name(record->id, room);

	name = without_version(name);
	return name_is_usable(name) ? name : (struct text){room, 0};
}
