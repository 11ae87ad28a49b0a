/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/fat/fat.h"

#include "core/checked.h"
#include "parsers/fs/calendar.h"
#include "parsers/fs/name.h"
#include "parsers/fs/unicode.h"

#include <errno.h>
#include <string.h>

enum {
	ATTRIBUTE_LONG = 0x0f, /* all four low bits: a piece of a long name */
	ATTRIBUTE_MASK = 0x3f,
	NAME_END = 0x00,
	NAME_DELETED = 0xe5,
	NAME_KANJI = 0x05, /* stands for a first byte of 0xe5 */
	LOWER_BASE = 0x08,
	LOWER_EXTENSION = 0x10,
	LAST_PIECE = 0x40,
};

struct short_entry {
	unsigned char name[11], attributes, lower, creation_tenths;
	struct le16 creation_time, creation_date, access_date, cluster_high;
	struct le16 time, date, cluster_low;
	struct le32 size;
};
_Static_assert(sizeof(struct short_entry) == FAT_ENTRY_BYTES, "a directory entry");

struct long_entry {
	unsigned char order;
	struct le16 first[5];
	unsigned char attributes, type, checksum;
	struct le16 second[6], cluster, third[2];
} __attribute__((packed));
_Static_assert(sizeof(struct long_entry) == FAT_ENTRY_BYTES, "a piece of a long name");

/* A long name while its pieces, last one first, go by. */
struct long_name {
	uint16_t units[FAT_LONG_PIECES * FAT_LONG_UNITS];
	uint32_t pieces; /* 0: none begun */
	uint32_t wanted; /* number of the next piece; 0: complete */
	unsigned char checksum;
};

/* IBM's code page 437 from 0x80 on, which short names are written in. */
static const uint16_t cp437[128] = {0xc7, 0xfc, 0xe9, 0xe2, 0xe4, 0xe0, 0xe5, 0xe7, 0xea, 0xeb,
	0xe8, 0xef, 0xee, 0xec, 0xc4, 0xc5, 0xc9, 0xe6, 0xc6, 0xf4, 0xf6, 0xf2, 0xfb, 0xf9, 0xff,
	0xd6, 0xdc, 0xa2, 0xa3, 0xa5, 0x20a7, 0x192, 0xe1, 0xed, 0xf3, 0xfa, 0xf1, 0xd1, 0xaa, 0xba,
	0xbf, 0x2310, 0xac, 0xbd, 0xbc, 0xa1, 0xab, 0xbb, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524,
	0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510,
	0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f, 0x255a, 0x2554, 0x2569,
	0x2566, 0x2560, 0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552,
	0x2553, 0x256b, 0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580, 0x3b1, 0xdf,
	0x393, 0x3c0, 0x3a3, 0x3c3, 0xb5, 0x3c4, 0x3a6, 0x398, 0x3a9, 0x3b4, 0x221e, 0x3c6, 0x3b5,
	0x2229, 0x2261, 0xb1, 0x2265, 0x2264, 0x2320, 0x2321, 0xf7, 0x2248, 0xb0, 0x2219, 0xb7,
	0x221a, 0x207f, 0xb2, 0x25a0, 0xa0};

static void long_piece(struct long_name *name, const struct long_entry *piece)
{
	uint32_t number = piece->order & ATTRIBUTE_MASK;
	struct le16 units[FAT_LONG_UNITS];

	if (piece->order & LAST_PIECE) {
		name->pieces = number <= FAT_LONG_PIECES ? number : 0;
		name->wanted = name->pieces;
		name->checksum = piece->checksum;
	}
	if (!number || number != name->wanted || piece->checksum != name->checksum) {
		name->pieces = 0;
		name->wanted = 0;
		return;
	}
	memcpy(units, piece->first, sizeof(piece->first));
	memcpy(units + 5, piece->second, sizeof(piece->second));
	memcpy(units + 11, piece->third, sizeof(piece->third));
	name->wanted = number - 1;
	for (uint32_t i = 0; i < FAT_LONG_UNITS; i++)
		name->units[name->wanted * FAT_LONG_UNITS + i] = le16_get(units[i]);
}

static unsigned char short_checksum(const unsigned char name[11])
{
	unsigned char sum = 0;

	for (size_t i = 0; i < 11; i++)
		sum = (unsigned char)((sum >> 1 | sum << 7) + name[i]);
	return sum;
}

/* The long name that belongs to the short entry; empty where none does. */
static struct text long_text(const struct long_name *name, const struct short_entry *raw, char *ret)
{
	struct text text = {ret, 0};
	size_t units = 0;

	if (!name->pieces || name->wanted || name->checksum != short_checksum(raw->name))
		return text;
	while (units < name->pieces * FAT_LONG_UNITS && name->units[units])
		units++;
	text.len = unicode_from_utf16(name->units, units, ret);
	return name_is_usable(text) ? text : (struct text){ret, 0};
}

/* Appends a part of a short name without the blanks that fill it up. */
static size_t short_part(const unsigned char *part, size_t size, bool lower, char *ret)
{
	size_t len = 0;

	while (size && part[size - 1] == ' ')
		size--;
	for (size_t i = 0; i < size; i++) {
		uint32_t code = part[i] < 0x80 ? part[i] : cp437[part[i] - 0x80];
		char utf8[4];
		size_t n = unicode_put(lower ? unicode_fold(code) : code, utf8);

		memcpy(ret + len, utf8, n);
		len += n;
	}
	return len;
}

static struct text short_text(const struct short_entry *raw, char *ret)
{
	unsigned char name[11];
	size_t len, extension;

	memcpy(name, raw->name, sizeof(name));
	if (name[0] == NAME_KANJI)
		name[0] = 0xe5;
	len = short_part(name, 8, raw->lower & LOWER_BASE, ret);
	ret[len] = '.';
	extension = short_part(name + 8, 3, raw->lower & LOWER_EXTENSION, ret + len + 1);
	return (struct text){ret, extension ? len + 1 + extension : len};
}

int64_t fat_entry_time(const struct fat_entry *entry)
{
	int32_t date = entry->date, time = entry->time;
	int32_t month = date >> 5 & 15, day = date & 31;

	return calendar_seconds(1980 + (date >> 9), month ? month : 1, day ? day : 1, time >> 11,
		time >> 5 & 63, (time & 31) * 2);
}

/* Fills the entry and visits it where it has a name; 0 goes on. */
static int visit_entry(struct fat *fat, const struct short_entry *raw, struct fat_entry *entry,
	const struct long_name *name, fat_visit *visit, void *context)
{
	bool label = raw->attributes & FAT_LABEL;

	entry->attributes = raw->attributes;
	entry->first_cluster = le16_get(raw->cluster_low);
	if (fat->bits == 32)
		entry->first_cluster |= (uint32_t)le16_get(raw->cluster_high) << 16;
	entry->size = le32_get(raw->size);
	entry->date = le16_get(raw->date);
	entry->time = le16_get(raw->time);
	if (label) {
		memcpy(entry->short_bytes, raw->name, sizeof(raw->name));
		entry->short_name = (struct text){entry->short_bytes, sizeof(raw->name)};
		entry->name = entry->short_name;
		return visit(context, entry);
	}
	entry->short_name = short_text(raw, entry->short_bytes);
	entry->name = long_text(name, raw, entry->long_bytes);
	if (!entry->name.len)
		entry->name = entry->short_name;
	return name_is_usable(entry->name) ? visit(context, entry) : 0;
}

/* A place in a folder. */
struct place {
	uint32_t cluster; /* 0: the fixed root */
	uint32_t entry;   /* from 0, in the cluster or the fixed root */
	uint32_t total;   /* entries passed */
};

/* Where the next entry lies; 0 at the folder's end. */
static int next_place(struct fat *fat, struct place *place, uint64_t *at)
{
	uint32_t room = fat->cluster_size / FAT_ENTRY_BYTES;
	int r;

	if (place->total++ >= FAT_MAX_ENTRIES)
		return -EUCLEAN;
	if (!place->cluster) {
		*at = fat->root + (uint64_t)place->entry * FAT_ENTRY_BYTES;
		return place->entry++ < fat->root_entries;
	}
	if (place->entry == room) {
		r = fat_next(fat, place->cluster, &place->cluster);
		if (r < 0)
			return r;
		if (!place->cluster)
			return 0;
		place->entry = 0;
	}
	*at = fat_cluster_at(fat, place->cluster) + (uint64_t)place->entry * FAT_ENTRY_BYTES;
	place->entry++;
	return 1;
}

/* 1: the entry is there; 0: the folder ends before it. */
static int next_entry(
	struct fat *fat, struct place *place, struct fat_entry *entry, struct short_entry *raw)
{
	const unsigned char *bytes;
	int r;

	entry->at = 0;
	r = next_place(fat, place, &entry->at);
	if (r <= 0)
		return r;
	r = readcache_get(&fat->folder_cache, entry->at, sizeof(*raw), &bytes);
	if (r < 0)
		return r;
	memcpy(raw, bytes, sizeof(*raw));
	return raw->name[0] != NAME_END;
}

int fat_each(struct fat *fat, uint32_t cluster, fat_visit *visit, void *context)
{
	struct place place = {.cluster = cluster};
	struct long_name name = {.pieces = 0};
	struct short_entry raw;
	struct fat_entry entry;
	int r;

	if (cluster && !fat_is_cluster(fat, cluster))
		return -EUCLEAN;
	while ((r = next_entry(fat, &place, &entry, &raw)) > 0) {
		bool deleted = raw.name[0] == NAME_DELETED;

		if (!deleted && (raw.attributes & ATTRIBUTE_MASK) == ATTRIBUTE_LONG) {
			struct long_entry piece;

			memcpy(&piece, &raw, sizeof(piece));
			long_piece(&name, &piece);
			continue;
		}
		r = deleted ? 0 : visit_entry(fat, &raw, &entry, &name, visit, context);
		if (r)
			return r;
		name.pieces = 0;
	}
	return r;
}
