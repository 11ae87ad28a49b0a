/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/iso9660/iso9660.h"

#include <errno.h>
#include <string.h>

enum {
	FIELD_HEAD = 4, /* signature, length, version */
	XA_BYTES = 14,  /* of a CD-ROM XA record, in front of the fields */
	NAME_GOES_ON = 1,
	NAME_SELF = 2,
	NAME_PARENT = 4,
	COMPONENT_GOES_ON = 1,
	COMPONENT_SELF = 2,
	COMPONENT_PARENT = 4,
	COMPONENT_ROOT = 8,
	TIME_CREATED = 1,
	TIME_MODIFIED = 2,
	TIME_CHANGED = 8,
	TIME_LONG = 0x80,
};

/* One field behind its head; `len` is checked against the area it stands in. */
struct field {
	char name[2];
	const unsigned char *at;
	size_t len;
};

/* Where fields are read from: first the record itself, then its continuations. */
struct area {
	struct text memory; /* what is left of the record; unused in a continuation */
	uint64_t at, end;   /* what is left of a continuation, bytes from the volume's start */
	bool on_disk;
	uint32_t continuations, fields; /* followed so far */
	uint32_t block, offset, length; /* the next continuation; length 0: none */
	unsigned char copy[ISO_RECORD_MAX];
};

static uint32_t number_at(const unsigned char *bytes)
{
	struct le32 number;

	memcpy(&number, bytes, sizeof(number));
	return le32_get(number);
}

/* Goes to the next continuation; 0 where there is none. */
static int next_area(const struct iso *iso, struct area *area)
{
	if (!area->length)
		return 0;
	if (++area->continuations > ISO_MAX_CONTINUATIONS || area->length > ISO_MAX_AREA)
		return -EUCLEAN;
	area->on_disk = true;
	area->at = (uint64_t)area->block * iso->block_size + area->offset;
	area->end = area->at + area->length;
	area->length = 0;
	return range_inside(area->at, area->end - area->at, iso->dev.size) ? 1 : -EUCLEAN;
}

static size_t area_left(const struct area *area)
{
	return area->on_disk ? (size_t)(area->end - area->at) : area->memory.len;
}

/* The next `len` bytes of the area, which has them; copied, so that they stay. */
static int area_take(struct iso *iso, struct area *area, size_t len, size_t skip)
{
	const unsigned char *bytes;
	int r;

	if (!area->on_disk) {
		memcpy(area->copy, area->memory.at, len);
		area->memory = text_skip(area->memory, skip);
		return 0;
	}
	r = readcache_get(&iso->area_cache, area->at, len, &bytes);
	if (r < 0)
		return r == -ERANGE ? -EUCLEAN : r;
	memcpy(area->copy, bytes, len);
	area->at += skip;
	return 0;
}

/* The length of the field that comes next; 0 where the area ends: zeros, too short, or "ST". */
static int field_length(struct iso *iso, struct area *area)
{
	size_t length;
	int r;

	if (area_left(area) < FIELD_HEAD)
		return 0;
	r = area_take(iso, area, FIELD_HEAD, 0);
	if (r < 0)
		return r;
	length = area->copy[2];
	if (length < FIELD_HEAD || memcmp(area->copy, "ST", 2) == 0)
		return 0;
	return length <= area_left(area) ? (int)length : -EUCLEAN;
}

/* The next field: 1, 0 behind the last one. */
static int next_field(struct iso *iso, struct area *area, struct field *ret)
{
	int length, r;

	if (++area->fields > ISO_MAX_FIELDS)
		return -EUCLEAN;
	while ((length = field_length(iso, area)) == 0) {
		r = next_area(iso, area);
		if (r <= 0)
			return r;
	}
	if (length < 0)
		return length;
	r = area_take(iso, area, (size_t)length, (size_t)length);
	if (r < 0)
		return r;
	memcpy(ret->name, area->copy, sizeof(ret->name));
	ret->at = area->copy + FIELD_HEAD;
	ret->len = (size_t)length - FIELD_HEAD;
	return 1;
}

/* CE: where the fields go on. */
static int take_continuation(const struct field *field, struct area *area)
{
	if (field->len < 24 || area->length)
		return -EUCLEAN;
	area->block = number_at(field->at);
	area->offset = number_at(field->at + 8);
	area->length = number_at(field->at + 16);
	return 0;
}

/* NM: a piece of the name. */
static int take_name(const struct field *field, struct iso_rock *rock)
{
	if (field->len < 1)
		return -EUCLEAN;
	if (field->at[0] & (NAME_SELF | NAME_PARENT))
		return 0;
	rock->name_goes_on = true;
	if (field->len - 1 > sizeof(rock->name) - rock->name_len)
		return -EUCLEAN;
	rock->name_goes_on = field->at[0] & NAME_GOES_ON;
	memcpy(rock->name + rock->name_len, field->at + 1, field->len - 1);
	rock->name_len += field->len - 1;
	return 0;
}

static int add_to_target(struct iso_rock *rock, const void *bytes, size_t len)
{
	if (len > sizeof(rock->target) - rock->target_len)
		return -EUCLEAN;
	memcpy(rock->target + rock->target_len, bytes, len);
	rock->target_len += len;
	return 0;
}

static int take_component(unsigned char flags, const void *bytes, size_t len, struct iso_rock *rock)
{
	int r = rock->slash_due ? add_to_target(rock, "/", 1) : 0;

	if (r < 0)
		return r;
	rock->slash_due = !(flags & (COMPONENT_GOES_ON | COMPONENT_ROOT));
	if (flags & COMPONENT_ROOT)
		return add_to_target(rock, "/", 1);
	if (flags & COMPONENT_PARENT)
		return add_to_target(rock, "..", 2);
	if (flags & COMPONENT_SELF)
		return add_to_target(rock, ".", 1);
	return add_to_target(rock, bytes, len);
}

/* SL: components of a link's target, each with flags and a length of its own. */
static int take_link(const struct field *field, struct iso_rock *rock)
{
	size_t at = 1;

	while (at + 2 <= field->len) {
		size_t len = field->at[at + 1];
		int r;

		if (len > field->len - at - 2)
			return -EUCLEAN;
		r = take_component(field->at[at], field->at + at + 2, len, rock);
		if (r < 0)
			return r;
		at += 2 + len;
	}
	return 0;
}

/* TF: those of seven times that its flags name, in the order of the flags' bits. */
static void take_times(const struct field *field, struct iso_rock *rock)
{
	size_t flags = field->len ? field->at[0] : 0;
	size_t size = flags & TIME_LONG ? 17 : 7;
	size_t at = 1;

	for (size_t bit = TIME_CREATED; bit < TIME_LONG; bit <<= 1) {
		int64_t time;

		if (!(flags & bit))
			continue;
		if (at + size > field->len)
			return;
		time = size == 17 ? iso_long_time(field->at + at) : iso_short_time(field->at + at);
		at += size;
		if (bit == TIME_MODIFIED) {
			rock->mtime_s = time;
			rock->has_mtime = true;
		} else if (bit == TIME_CHANGED) {
			rock->ctime_s = time;
			rock->has_ctime = true;
		}
	}
}

static bool is(const struct field *field, const char name[3])
{
	return memcmp(field->name, name, 2) == 0;
}

/* ER: the volume names its extension. */
static bool names_rock_ridge(const struct field *field)
{
	struct text id;

	if (!is(field, "ER") || field->len < 4)
		return false;
	id = text_first((struct text){(const char *)field->at + 4, field->len - 4}, field->at[0]);
	return text_is(id, "RRIP_1991A") || text_is(id, "IEEE_P1282") || text_is(id, "IEEE_1282");
}

/* The fields of a fixed size. */
static void take_numbers(const struct field *field, struct iso_rock *rock)
{
	if (is(field, "PX") && field->len >= 8) {
		rock->mode = number_at(field->at);
		rock->has_mode = true;
	} else if (is(field, "CL") && field->len >= 8) {
		rock->child = number_at(field->at);
		rock->has_child = true;
	} else if (is(field, "ZF") && field->len >= 12) {
		rock->raw_size = number_at(field->at + 4);
		rock->compressed = true;
	} else if (is(field, "RE")) {
		rock->relocated = true;
	}
}

static int take_field(const struct field *field, struct area *area, struct iso_rock *rock)
{
	static const char ours[][3] = {"RR", "PX", "NM", "SL", "TF", "CL", "PL", "RE"};

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		rock->seen = rock->seen || is(field, ours[i]);
	rock->seen = rock->seen || names_rock_ridge(field);
	if (is(field, "CE"))
		return take_continuation(field, area);
	if (is(field, "NM"))
		return take_name(field, rock);
	if (is(field, "SL") && take_link(field, rock) < 0)
		rock->target_damaged = true; /* genisoimage makes such; the name is still good */
	if (is(field, "TF"))
		take_times(field, rock);
	take_numbers(field, rock);
	return 0;
}

int iso_read_rock(struct iso *iso, const struct iso_record *record, struct iso_rock *ret)
{
	struct area area = {.memory = text_skip(record->system_use, iso->skip)};
	struct field field;
	int r;

	memset(ret, 0, offsetof(struct iso_rock, name));
	while ((r = next_field(iso, &area, &field)) > 0) {
		r = take_field(&field, &area, ret);
		if (r < 0)
			return r;
	}
	return r;
}

/* SP, the first field of the root: the protocol is in use. */
static bool is_sharing(struct text area)
{
	return area.len >= 7 && memcmp(area.at, "SP\x07\x01\xbe\xef", 6) == 0;
}

int iso_find_rock(struct iso *iso, const struct iso_record *root)
{
	struct text area = root->system_use;
	struct iso_record record = *root;
	struct iso_rock rock;
	int r;

	if (!is_sharing(area))
		area = text_skip(area, XA_BYTES);
	if (!is_sharing(area))
		return 0;
	iso->skip = 0;
	record.system_use = area;
	r = iso_read_rock(iso, &record, &rock);
	if (r < 0)
		return r;
	iso->skip = (unsigned char)area.at[6];
	iso->rock = rock.seen;
	return 0;
}
