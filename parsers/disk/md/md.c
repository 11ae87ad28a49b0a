/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/md/md.h"

#include "core/bytes.h"
#include "core/checked.h"
#include "parsers/disk/parity.h"

#include <errno.h>
#include <string.h>

enum {
	FEATURE_RECOVERING = 1 << 1, /* a member that is still being filled */
	FEATURE_RESHAPING = 1 << 2,
	FEATURE_JOURNAL = 1 << 9,
	FEATURE_RAID0_LAYOUT = 1 << 12, /* `layout` says how unequal members are striped */
	ROLE_MAX = 0xfdff,              /* above: spare, failed, journal */
	/* Of 0.90: bits of a disk's state, and of the array's. */
	DISK_FAULTY = 1 << 0,
	DISK_IN_SYNC = 1 << 2,
	STATE_CLEAN = 1 << 0,
	RESERVED_0_90 = 65536,
	/* RAID0 of unequal members, before Linux 3.14 and since. */
	LAYOUT_ORIGINAL = 1,
	LAYOUT_ALTERNATE = 2,
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

static void take_roles(struct md_member *member, const struct super1 *super)
{
	uint64_t n = min_u64(le32_get(super->max_dev), MD_MAX_DISKS);

	for (uint64_t i = 0; i < MD_MAX_DISKS; i++) {
		uint16_t role = i < n ? le16_get(super->roles[i]) : MD_NO_ROLE;

		member->roles[i] = role > ROLE_MAX ? MD_NO_ROLE : role;
	}
	member->number = le32_get(super->number);
	member->role = MD_NO_ROLE;
	if (member->number < n && !(le32_get(super->features) & FEATURE_RECOVERING))
		member->role = member->roles[member->number];
}

/* A superblock of version 1 at `at`; its own offset must say the same. */
static int probe_1(const struct blockdev *dev, uint64_t at, struct md_member *ret)
{
	struct super1 super;
	uint32_t features;
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
	features = le32_get(super.features);
	if (ret->level != 0 || features & FEATURE_RAID0_LAYOUT)
		ret->layout = le32_get(super.layout);
	ret->chunk = (uint64_t)le32_get(super.chunk) * 512;
	ret->reshaping = features & FEATURE_RESHAPING;
	ret->journal = features & FEATURE_JOURNAL;
	ret->dirty = le64_get(super.resync) != UINT64_MAX;
	take_roles(ret, &super);
	ret->events = le64_get(super.events);
	return 1;
}

static void put_word(uint8_t *to, struct le32 word)
{
	uint32_t value = htobe32(le32_get(word));

	memcpy(to, &value, sizeof(value));
}

static uint16_t role_0(const struct super0_disk *disk)
{
	uint32_t state = le32_get(disk->state), role = le32_get(disk->role);

	if (!(state & DISK_IN_SYNC) || state & DISK_FAULTY || role > ROLE_MAX)
		return MD_NO_ROLE;
	return (uint16_t)role;
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
	ret->dirty = !(le32_get(super.state) & STATE_CLEAN);
	for (unsigned i = 0; i < MD_MAX_DISKS; i++)
		ret->roles[i] = i < ARRAY_SIZE(super.disks) ? role_0(&super.disks[i]) : MD_NO_ROLE;
	ret->number = le32_get(super.this_disk.number);
	ret->role = role_0(&super.this_disk);
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

/* The newest of those that have a place: its word counts. NULL: none has one. */
static const struct md_member *newest_of(const struct md_member *const *members, uint32_t n)
{
	const struct md_member *newest = NULL;

	for (uint32_t i = 0; i < n; i++) {
		if (members[i]->role < members[i]->raid_disks &&
			(!newest || members[i]->events > newest->events))
			newest = members[i];
	}
	return newest;
}

/*
 * Is the member in the array still? The newest may have seen it fail; an array that was stopped in
 * a crash may have counts of events that differ by one.
 */
static bool is_current(const struct md_member *member, const struct md_member *newest)
{
	if (member->role >= newest->raid_disks || member->events + 1 < newest->events)
		return false;
	return member->number >= MD_MAX_DISKS || newest->roles[member->number] == member->role;
}

/* An array while it is put together. */
struct assembly {
	const struct md_member *form; /* the newest */
	const struct md_member *places[MD_MAX_DISKS];
	struct arena *arena;
	struct mapped *mapped;
	uint64_t size; /* of the whole, bytes */
	bool cut;
};

static int out_of_memory(struct err *err)
{
	return err_set(err, ENOMEM, "out of memory");
}

static int senseless(struct err *err)
{
	return err_set(err, EUCLEAN, "its description makes no sense");
}

/* The next segment, behind the last one, with room for its legs. NULL: out of memory. */
static struct mapped_segment *add_segment(
	struct assembly *assembly, uint32_t n_legs, struct mapped_leg **legs)
{
	struct mapped_segment *segment = &assembly->mapped->segments[assembly->mapped->count];

	*legs = arena_array(assembly->arena, n_legs, sizeof(**legs));
	if (!*legs)
		return NULL;
	*segment = (struct mapped_segment){
		.start = assembly->size,
		.chunk = assembly->form->chunk,
		.legs = *legs,
		.n_legs = n_legs,
	};
	assembly->mapped->count++;
	return segment;
}

static struct mapped_leg leg_of(const struct md_member *member, uint64_t inside)
{
	if (!member)
		return (struct mapped_leg){.absent = true};
	return (struct mapped_leg){.dev = member->dev, .start = member->data + inside};
}

/* One behind the other, each with whole chunks. */
static int assemble_linear(struct assembly *assembly, struct err *err)
{
	uint64_t chunk = assembly->form->chunk;

	for (uint32_t i = 0; i < assembly->form->raid_disks; i++) {
		const struct md_member *member = assembly->places[i];
		struct mapped_segment *segment;
		struct mapped_leg *legs;

		if (!member)
			return err_set(err, ENODEV, "a member is missing or out of date");
		segment = add_segment(assembly, 1, &legs);
		if (!segment)
			return out_of_memory(err);
		legs[0] = leg_of(member, 0);
		segment->length = chunk ? member->size / chunk * chunk : member->size;
		if (!checked_add(assembly->size, segment->length, &assembly->size))
			return senseless(err);
	}
	return 0;
}

/* Bytes of a member in whole chunks. */
static uint64_t chunks_of(const struct assembly *assembly, const struct md_member *member)
{
	return member->size - member->size % assembly->form->chunk;
}

/*
 * The zone of a RAID0 that begins `depth` bytes into each member that is longer: stripes over all
 * of those, down to the end of the shortest. *end is where that is.
 *
 *   member 0   |  zone 0  |          |
 *   member 1   |  zone 0  |  zone 1  | zone 2 |
 *   member 2   |  zone 0  |  zone 1  |
 */
static int add_zone(struct assembly *assembly, uint64_t depth, uint64_t *end, struct err *err)
{
	uint64_t chunk = assembly->form->chunk, shortest = UINT64_MAX, length;
	uint32_t n = 0, total = assembly->form->raid_disks;
	struct mapped_segment *segment;
	struct mapped_leg *legs;

	segment = add_segment(assembly, total, &legs);
	if (!segment)
		return out_of_memory(err);
	for (uint32_t i = 0; i < total; i++) {
		uint64_t size = chunks_of(assembly, assembly->places[i]);

		if (size <= depth)
			continue;
		legs[n++] = leg_of(assembly->places[i], depth);
		shortest = min_u64(shortest, size);
	}
	*end = shortest;
	segment->n_legs = n;
	if (assembly->form->layout == LAYOUT_ORIGINAL)
		segment->turned = (uint32_t)(assembly->size / chunk % n);
	if (!checked_mul(shortest - depth, (uint64_t)n, &length) ||
		!checked_add(assembly->size, length, &assembly->size))
		return senseless(err);
	segment->length = length;
	return 0;
}

static int assemble_stripes(struct assembly *assembly, struct err *err)
{
	uint64_t depth = 0, longest = 0;
	int failed = 0;

	for (uint32_t i = 0; i < assembly->form->raid_disks; i++) {
		if (!assembly->places[i])
			return err_set(err, ENODEV, "a member is missing or out of date");
		if (chunks_of(assembly, assembly->places[i]) > longest)
			longest = chunks_of(assembly, assembly->places[i]);
	}
	while (depth < longest && !failed) {
		if (depth && assembly->form->layout != LAYOUT_ORIGINAL &&
			assembly->form->layout != LAYOUT_ALTERNATE) {
			assembly->cut = true;
			break;
		}
		failed = add_zone(assembly, depth, &depth, err);
	}
	return failed;
}

/* What all forms with redundancy begin with: a leg for each place, present or not. */
static struct mapped_segment *add_legs(struct assembly *assembly)
{
	struct mapped_leg *legs;
	struct mapped_segment *segment = add_segment(assembly, assembly->form->raid_disks, &legs);

	for (uint32_t i = 0; segment && i < segment->n_legs; i++)
		legs[i] = leg_of(assembly->places[i], 0);
	return segment;
}

static int assemble_mirror(struct assembly *assembly, struct err *err)
{
	struct mapped_segment *segment = add_legs(assembly);

	if (!segment)
		return out_of_memory(err);
	if (!assembly->form->size)
		return senseless(err);
	segment->form = MAPPED_COPIES;
	segment->copies =
		(struct mapped_copies){.near = segment->n_legs, .far = 1, .set = segment->n_legs};
	segment->length = segment->chunk = assembly->size = assembly->form->size;
	return 0;
}

/* The layout of RAID10: bits 0-7 near copies, 8-15 far ones, 16 offset, 17-18 kinds of sets. */
static int read_copies(const struct md_member *form, struct mapped_copies *ret)
{
	uint32_t near = form->layout & 0xff, far = form->layout >> 8 & 0xff;
	uint32_t sets = form->layout >> 17;

	if (!near || !far || near > form->raid_disks || near * far > form->raid_disks || sets > 2)
		return -EUCLEAN;
	*ret = (struct mapped_copies){
		.near = near,
		.far = far,
		.offset = form->layout >> 16 & 1,
		.set = form->raid_disks,
	};
	if (sets && far > 1)
		ret->set = sets == 1 ? form->raid_disks / far : far * near;
	return 0;
}

static int assemble_copies(struct assembly *assembly, struct err *err)
{
	const struct md_member *form = assembly->form;
	struct mapped_segment *segment = add_legs(assembly);
	uint64_t chunks = form->size / form->chunk, used;
	struct mapped_copies *copies;

	if (!segment)
		return out_of_memory(err);
	copies = &segment->copies;
	if (read_copies(form, copies))
		return senseless(err);
	segment->form = MAPPED_COPIES;
	/* Chunks of the array, then chunks on each member that are used (calc_sectors() of Linux). */
	chunks = chunks / copies->far * form->raid_disks / copies->near;
	used = (chunks * copies->near * copies->far + form->raid_disks - 1) / form->raid_disks;
	copies->stride = copies->offset ? form->chunk : used / copies->far * form->chunk;
	segment->length = assembly->size = chunks * form->chunk;
	return 0;
}

static int assemble_parity(struct assembly *assembly, struct err *err)
{
	const struct md_member *form = assembly->form;
	uint32_t n_parity = form->level == 6 ? 2 : 1;
	struct mapped_segment *segment;

	if (form->raid_disks <= n_parity || !parity_layout_known(form->layout, n_parity))
		return err_set(err, ENOTSUP, "its layout %u is not read", form->layout);
	segment = add_legs(assembly);
	if (!segment)
		return out_of_memory(err);
	segment->form = MAPPED_PARITY;
	segment->n_parity = n_parity;
	segment->layout = form->level == 4 ? PARITY_LAST : form->layout;
	segment->length = assembly->size =
		form->size / form->chunk * form->chunk * (form->raid_disks - n_parity);
	return 0;
}

static int assemble_level(struct assembly *assembly, struct err *err)
{
	const struct md_member *form = assembly->form;
	uint64_t product;

	if (form->level == 1)
		return assemble_mirror(assembly, err);
	if (form->level == -1)
		return assemble_linear(assembly, err);
	if (!form->chunk || !checked_mul(form->size, (uint64_t)MD_MAX_DISKS * 256, &product))
		return senseless(err);
	switch (form->level) {
	case 0:
		return assemble_stripes(assembly, err);
	case 4:
	case 5:
	case 6:
		return assemble_parity(assembly, err);
	case 10:
		return assemble_copies(assembly, err);
	default:
		return err_set(err, ENOTSUP, "not read");
	}
}

static int start_assembly(struct assembly *assembly, struct err *err)
{
	const struct md_member *form = assembly->form;

	if (!form)
		return err_set(err, ENODEV, "a member is missing or out of date");
	if (!form->raid_disks || form->raid_disks > MD_MAX_DISKS)
		return err_set(err, EUCLEAN, "it has %u members", form->raid_disks);
	if (form->reshaping && form->level != 1)
		return err_set(err, ENOTSUP, "it is being reshaped, which is not read");
	assembly->mapped = arena_new(assembly->arena, struct mapped);
	if (!assembly->mapped)
		return out_of_memory(err);
	assembly->mapped->segments =
		arena_array(assembly->arena, MD_MAX_DISKS, sizeof(*assembly->mapped->segments));
	return assembly->mapped->segments ? 0 : out_of_memory(err);
}

int md_assemble(const struct md_member *const *members, uint32_t n, struct arena *arena,
	struct md_array *ret, struct err *err)
{
	struct assembly assembly = {.form = newest_of(members, n), .arena = arena};
	bool recovers;
	int failed = start_assembly(&assembly, err);

	for (uint32_t i = 0; i < n && !failed; i++) {
		if (!is_current(members[i], assembly.form))
			continue;
		if (!assembly.places[members[i]->role] || members[i] == assembly.form)
			assembly.places[members[i]->role] = members[i];
	}
	if (!failed)
		failed = assemble_level(&assembly, err);
	if (failed)
		return failed;
	if (!mapped_is_whole(assembly.mapped, &recovers))
		return err_set(err, ENODEV, "a member is missing or out of date");
	*ret = (struct md_array){
		.dev = mapped_blockdev(assembly.mapped, assembly.size),
		.level = assembly.form->level,
		.unsure = recovers && assembly.form->dirty,
		.journal = assembly.form->journal,
		.cut = assembly.cut,
	};
	return 0;
}
