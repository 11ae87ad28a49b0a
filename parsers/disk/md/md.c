/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/md/md.h"

#include "core/bytes.h"
#include "core/checked.h"

#include <errno.h>
#include <string.h>

enum {
	FEATURE_RECOVERING = 2, /* a member that is still being filled */
	FEATURE_RESHAPING = 4,
	ROLE_MAX = 0xfdff, /* above: spare, failed, journal */
	STATE_IN_SYNC = 4, /* a 0.90 disk's state */
	RESERVED_0_90 = 65536,
};
static const uint32_t magic_md = 0xa92b4efc;

/* Version 1 (drivers/md/md_p.h: struct mdp_superblock_1). */
struct super1 {
	struct le32 magic, major, features, pad0;
	uint8_t uuid[16];
	char name[32];
	struct le64 ctime;
	struct le32 level, layout;
	struct le64 size;
	struct le32 chunk, raid_disks, bitmap, new_level;
	struct le64 reshape;
	struct le32 delta, new_layout, new_chunk, new_offset;
	struct le64 data_offset, data_size, super_offset, recovery;
	struct le32 number, corrected;
	uint8_t device_uuid[16], flags, log_shift;
	struct le16 log_size;
	struct le32 log_offset;
	struct le64 utime, events, resync;
	struct le32 checksum, max_dev;
	uint8_t pad3[32];
	struct le16 roles[128];
};
_Static_assert(offsetof(struct super1, roles) == 256, "the kernel's");

/* Version 0.90, in the byte order of the machine that made it: ours (struct mdp_super_s). */
struct super0_disk {
	struct le32 number, major, minor, role, state, reserved[27];
};

struct super0 {
	struct le32 magic, major, minor, patch, words, uuid0, ctime, level, size, n_disks;
	struct le32 raid_disks, md_minor, not_persistent, uuid1, uuid2, uuid3, reserved0[16];
	struct le32 utime, state, active, working, failed, spare, checksum, events_low;
	struct le32 events_high, checkpoint[2], recovery, reserved1[20];
	struct le32 layout, chunk, root[2], reserved2[60];
	struct super0_disk disks[27], this_disk;
};
_Static_assert(sizeof(struct super0) == 4096, "the kernel's");
_Static_assert(offsetof(struct super0, disks) == 512, "the kernel's");

static const char *const level_names[] = {"RAID0", "RAID1"};

const char *md_level_name(int32_t level)
{
	switch (level) {
	case -1:
		return "linear RAID";
	case 0:
	case 1:
		return level_names[level];
	case 4:
		return "RAID4";
	case 5:
		return "RAID5";
	case 6:
		return "RAID6";
	case 10:
		return "RAID10";
	default:
		return "RAID of an unknown kind";
	}
}

/* The part of the name behind the host's. */
static void take_name(struct md_member *member, const char *bytes, size_t size)
{
	struct text name = {bytes, size};
	size_t colon;

	name = text_first(name, text_find(name, '\0'));
	colon = text_find(name, ':');
	if (colon < name.len)
		name = text_skip(name, colon + 1);
	snprintf(member->name, sizeof(member->name), "%.*s", TEXT_ARG(name));
}

static uint32_t role_of(const struct super1 *super)
{
	uint32_t number = le32_get(super->number), role;

	if (number >= ARRAY_SIZE(super->roles) || number >= le32_get(super->max_dev))
		return MD_NO_ROLE;
	role = le16_get(super->roles[number]);
	if (role > ROLE_MAX || le32_get(super->features) & FEATURE_RECOVERING)
		return MD_NO_ROLE;
	return role;
}

/* A superblock of version 1 at `at`; its own offset must say the same. */
static int probe_1(const struct blockdev *dev, uint64_t at, struct md_member *ret)
{
	struct super1 super;
	uint64_t size;
	int err = blockdev_read(dev, at, &super, sizeof(super));

	if (err)
		return err == -ERANGE ? 0 : err;
	if (le32_get(super.magic) != magic_md || le32_get(super.major) != 1 ||
		le64_get(super.super_offset) != at / 512)
		return 0;
	size = le64_get(super.size);
	if (!size || (int32_t)le32_get(super.level) <= 0)
		size = le64_get(super.data_size);
	if (!checked_mul(le64_get(super.data_offset), (uint64_t)512, &ret->data) ||
		!checked_mul(size, (uint64_t)512, &ret->size))
		return 0;
	memcpy(ret->uuid, super.uuid, sizeof(ret->uuid));
	take_name(ret, super.name, sizeof(super.name));
	ret->version_1 = true;
	ret->level = (int32_t)le32_get(super.level);
	ret->raid_disks = le32_get(super.raid_disks);
	ret->layout = le32_get(super.layout);
	ret->chunk = (uint64_t)le32_get(super.chunk) * 512;
	ret->reshaping = le32_get(super.features) & FEATURE_RESHAPING;
	ret->role = role_of(&super);
	ret->events = le64_get(super.events);
	return 1;
}

static void put_word(uint8_t *to, struct le32 word)
{
	uint32_t value = htobe32(le32_get(word));

	memcpy(to, &value, sizeof(value));
}

/* Version 0.90 stands in the last whole 64 KiB but one. */
static int probe_0(const struct blockdev *dev, struct md_member *ret)
{
	uint64_t end = dev->size & ~(uint64_t)(RESERVED_0_90 - 1);
	struct super0 super;
	int err;

	if (end < RESERVED_0_90)
		return 0;
	err = blockdev_read(dev, end - RESERVED_0_90, &super, sizeof(super));
	if (err)
		return err;
	if (le32_get(super.magic) != magic_md || le32_get(super.major) != 0 ||
		le32_get(super.minor) != 90)
		return 0;
	put_word(ret->uuid, super.uuid0);
	put_word(ret->uuid + 4, super.uuid1);
	put_word(ret->uuid + 8, super.uuid2);
	put_word(ret->uuid + 12, super.uuid3);
	snprintf(ret->name, sizeof(ret->name), "%u", le32_get(super.md_minor));
	ret->level = (int32_t)le32_get(super.level);
	ret->raid_disks = le32_get(super.raid_disks);
	ret->layout = le32_get(super.layout);
	ret->chunk = le32_get(super.chunk);
	ret->size = (uint64_t)le32_get(super.size) * 1024;
	if (!ret->size || ret->level <= 0)
		ret->size = end - RESERVED_0_90;
	ret->role = MD_NO_ROLE;
	if (le32_get(super.this_disk.state) & STATE_IN_SYNC)
		ret->role = le32_get(super.this_disk.role);
	ret->events = (uint64_t)le32_get(super.events_high) << 32 | le32_get(super.events_low);
	return 1;
}

int md_probe(const struct blockdev *dev, struct md_member *ret)
{
	int found;

	*ret = (struct md_member){.dev = *dev};
	found = probe_1(dev, 4096, ret);
	if (!found)
		found = probe_1(dev, 0, ret);
	if (!found && dev->size >= 8192)
		found = probe_1(dev, (dev->size - 8192) & ~(uint64_t)4095, ret);
	return found ? found : probe_0(dev, ret);
}

/* For every place of the array the newest member, or NULL. Members fallen behind do not count. */
static void fill_places(const struct md_member *const *members, uint32_t n, uint32_t raid_disks,
	const struct md_member *places[MD_MAX_DISKS])
{
	uint64_t newest = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (members[i]->role < raid_disks && members[i]->events > newest)
			newest = members[i]->events;
	}
	for (uint32_t i = 0; i < n; i++) {
		/* An array that was stopped in a crash may differ by one. */
		if (members[i]->role >= raid_disks || members[i]->events + 1 < newest)
			continue;
		if (!places[members[i]->role] ||
			places[members[i]->role]->events < members[i]->events)
			places[members[i]->role] = members[i];
	}
}

/* The newest of the `copies` members that hold the same data; NULL: none is there. */
static const struct md_member *newest_of(const struct md_member *const *places, uint32_t copies)
{
	const struct md_member *newest = NULL;

	for (uint32_t i = 0; i < copies; i++) {
		if (places[i] && (!newest || places[i]->events > newest->events))
			newest = places[i];
	}
	return newest;
}

/* How many neighbours hold the same data; 0: not a form that is read. */
static uint32_t count_copies(const struct md_member *member)
{
	uint32_t near = member->layout & 0xff, far = member->layout >> 8 & 0xff;

	if (member->level == 1)
		return member->raid_disks;
	if (member->reshaping)
		return 0;
	if (member->level == 0)
		return 1;
	if (member->level != 10 || far != 1 || member->layout >> 16 || !near)
		return 0;
	return member->raid_disks % near ? 0 : near;
}

static int fill_legs(const struct md_member *const *places, uint32_t copies,
	struct mapped_segment *segment, struct mapped_leg *legs, struct err *err)
{
	uint64_t size = UINT64_MAX;

	for (uint32_t i = 0; i < segment->n_legs; i++) {
		const struct md_member *member = newest_of(&places[i * copies], copies);

		if (!member)
			return err_set(err, ENODEV, "a member is missing or out of date");
		if (i && size != member->size)
			return err_set(err, ENOTSUP, "members of different sizes are not read");
		size = member->size;
		legs[i] = (struct mapped_leg){member->dev, member->data};
	}
	/* Stripes end with whole chunks. */
	if (segment->n_legs > 1)
		size -= size % segment->chunk;
	if (!checked_mul(size, (uint64_t)segment->n_legs, &segment->length))
		return err_set(err, EUCLEAN, "its size makes no sense");
	segment->legs = legs;
	return 0;
}

int md_assemble(const struct md_member *const *members, uint32_t n, struct arena *arena,
	struct blockdev *ret, struct err *err)
{
	const struct md_member *places[MD_MAX_DISKS] = {0};
	const struct md_member *first = members[0];
	uint32_t copies = count_copies(first), n_legs;
	struct mapped *mapped;
	struct mapped_leg *legs;
	int failed;

	if (!first->raid_disks || first->raid_disks > MD_MAX_DISKS)
		return err_set(err, EUCLEAN, "it has %u members", first->raid_disks);
	if (!copies)
		return err_set(err, ENOTSUP, "not read");
	n_legs = first->raid_disks / copies;
	if (n_legs > 1 && !first->chunk)
		return err_set(err, EUCLEAN, "its chunks have no size");
	fill_places(members, n, first->raid_disks, places);
	mapped = arena_new(arena, struct mapped);
	legs = arena_array(arena, n_legs, sizeof(*legs));
	if (!mapped || !legs)
		return err_set(err, ENOMEM, "out of memory");
	mapped->segments = arena_new(arena, struct mapped_segment);
	if (!mapped->segments)
		return err_set(err, ENOMEM, "out of memory");
	mapped->count = 1;
	mapped->segments->n_legs = n_legs;
	mapped->segments->chunk = first->chunk;
	failed = fill_legs(places, copies, mapped->segments, legs, err);
	if (!failed)
		*ret = mapped_blockdev(mapped, mapped->segments->length);
	return failed;
}
