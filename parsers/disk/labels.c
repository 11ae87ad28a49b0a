/* Partition tables of other machines: Sun, Solaris on PCs, Apple, SGI, BSD. See partitions.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bytes.h"
#include "core/checked.h"
#include "parsers/disk/partitions.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* What they count in, whatever the disk's sectors are; Apple's says so itself. */
enum { SECTOR = 512 };

/* Adds number `number`, which begins and is long so many units of `unit` bytes. */
static bool add_units(struct partition_table *table, const struct blockdev *dev, uint32_t number,
	uint64_t start, uint64_t length, uint32_t unit)
{
	struct partition partition = {
		.number = number,
		.start = start * unit,
		.size = length * unit,
	};

	return table_add(table, dev, &partition);
}

/* A label without partitions is none. */
static bool found(struct partition_table *table, enum table_kind kind)
{
	if (table->count)
		table->kind = kind;
	return table->count;
}

/* The sum of 256 words is 0 by exclusive or, in any order of their bytes. */
static bool words_sum_to_zero(const void *sector)
{
	struct le16 words[SECTOR / 2];
	uint16_t sum = 0;

	memcpy(words, sector, sizeof(words));
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		sum ^= le16_get(words[i]);
	return sum == 0;
}

/*
 * Sun's label, the first sector; big-endian (part_sun.c of GRUB, sun.c of Linux).
 *
 *   142  8 times: flags, then the kind (0 unused, 5 the whole disk)
 *   436  heads  438  sectors of a track  444  8 times: first cylinder, sectors
 *   508  0xdabe 510  checksum
 */
struct sun_label {
	uint8_t text[128], volume[14];
	struct {
		uint8_t spare, kind, spare2, flags;
	} __attribute__((packed)) slices[8];
	uint8_t spare[262];
	struct be16 heads, track;
	uint8_t spare2[4];
	struct {
		struct be32 cylinder, sectors;
	} __attribute__((packed)) places[8];
	struct be16 magic, checksum;
} __attribute__((packed));
_Static_assert(offsetof(struct sun_label, heads) == 436, "Sun's");
_Static_assert(sizeof(struct sun_label) == SECTOR, "Sun's");

enum { SUN_MAGIC = 0xdabe, SUN_WHOLE_DISK = 5 };

static bool read_sun(
	const struct blockdev *dev, const uint8_t *sector, struct partition_table *table)
{
	struct sun_label label;
	uint64_t cylinder;

	memcpy(&label, sector, sizeof(label));
	if (be16_get(label.magic) != SUN_MAGIC || !words_sum_to_zero(sector))
		return false;
	cylinder = (uint64_t)be16_get(label.heads) * be16_get(label.track);
	for (uint32_t i = 0; i < ARRAY_SIZE(label.slices); i++) {
		uint8_t kind = label.slices[i].kind;

		if (kind && kind != SUN_WHOLE_DISK && be32_get(label.places[i].sectors))
			add_units(table, dev, i + 1, be32_get(label.places[i].cylinder) * cylinder,
				be32_get(label.places[i].sectors), SECTOR);
	}
	return found(table, TABLE_SUN);
}

/*
 * Solaris' label in a PC's partition, its second sector; little-endian, places from the
 * partition's start (part_sunpc.c of GRUB).
 *
 *   72  16 times: kind (0 unused, 5 the whole), flags, first sector, sectors
 *   508  0xdabe  510  checksum
 */
struct sunpc_label {
	uint8_t head[72];
	struct {
		struct le16 kind, flags;
		struct le32 start, sectors;
	} __attribute__((packed)) slices[16];
	uint8_t spare[244];
	struct le16 magic, checksum;
} __attribute__((packed));
_Static_assert(sizeof(struct sunpc_label) == SECTOR, "Solaris'");

static bool read_sunpc(
	const struct blockdev *dev, const uint8_t *sector, struct partition_table *table)
{
	struct sunpc_label label;

	memcpy(&label, sector, sizeof(label));
	if (le16_get(label.magic) != SUN_MAGIC || !words_sum_to_zero(sector))
		return false;
	for (uint32_t i = 0; i < ARRAY_SIZE(label.slices); i++) {
		uint16_t kind = le16_get(label.slices[i].kind);

		if (kind && kind != SUN_WHOLE_DISK && le32_get(label.slices[i].sectors))
			add_units(table, dev, i + 1, le32_get(label.slices[i].start),
				le32_get(label.slices[i].sectors), SECTOR);
	}
	return found(table, TABLE_SUNPC);
}

/*
 * BSD's label, the second sector of a disk or partition; little-endian (part_bsd.c of GRUB). Places
 * are counted from the disk's start; the third partition is the whole that the label is about.
 *
 *   0  0x82564557   132  the same   138  how many   148  so many times: sectors, first sector,
 *   fragment, kind
 */
struct bsd_entry {
	struct le32 sectors, start, fragment;
	uint8_t kind, fragments;
	struct le16 cylinders;
} __attribute__((packed));

struct bsd_label {
	struct le32 magic;
	uint8_t spare[128];
	struct le32 magic2;
	struct le16 checksum, count;
	struct le32 boot_size, super_size;
	struct bsd_entry entries[16];
} __attribute__((packed));
_Static_assert(offsetof(struct bsd_label, entries) == 148, "BSD's");

enum { BSD_MAGIC = (int)0x82564557, BSD_WHOLE = 2 };

static bool read_bsd(
	const struct blockdev *dev, const uint8_t *sector, struct partition_table *table)
{
	struct bsd_label label;
	uint32_t count, first = 0;

	memcpy(&label, sector, sizeof(label));
	if (le32_get(label.magic) != (uint32_t)BSD_MAGIC ||
		le32_get(label.magic2) != (uint32_t)BSD_MAGIC)
		return false;
	count = (uint32_t)min_u64(le16_get(label.count), ARRAY_SIZE(label.entries));
	if (count > BSD_WHOLE)
		first = le32_get(label.entries[BSD_WHOLE].start);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t start = le32_get(label.entries[i].start);

		if (start < first || (i == BSD_WHOLE && start == first))
			continue;
		if (le32_get(label.entries[i].sectors))
			add_units(table, dev, i + 1, start - first,
				le32_get(label.entries[i].sectors), SECTOR);
	}
	return found(table, TABLE_BSD);
}

/*
 * Apple's map: "ER" and the size of blocks in the first 512 bytes, then a block each (part_apple.c
 * of GRUB, mac.c of Linux); big-endian. The map is its own first partition.
 *
 *   0  "PM"   4  blocks of the map   8  first block   12  blocks   48  the kind in words
 */
struct apple_entry {
	uint8_t magic[2], spare[2];
	struct be32 count, start, blocks;
	char name[32], kind[32];
} __attribute__((packed));

static bool read_apple(
	const struct blockdev *dev, const uint8_t *sector, struct partition_table *table)
{
	struct apple_entry entry;
	uint32_t count = 1, block;
	struct be16 size;

	memcpy(&size, sector + 2, sizeof(size));
	block = be16_get(size);
	if (memcmp(sector, "ER", 2) != 0 || block < SECTOR || block % SECTOR)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (blockdev_read(dev, (i + 1) * (uint64_t)block, &entry, sizeof(entry)) ||
			memcmp(entry.magic, "PM", sizeof(entry.magic)) != 0)
			break;
		if (!i)
			count = be32_get(entry.count);
		if (!add_units(table, dev, i + 1, be32_get(entry.start), be32_get(entry.blocks),
			    block))
			break;
	}
	return found(table, TABLE_APPLE);
}

/*
 * SGI's volume header, the first sector; big-endian (part_dvh.c of GRUB). Number 11 is the whole.
 *
 *   0  0x0be5a941   312  16 times: sectors, first sector, kind   504  checksum
 */
struct dvh_label {
	struct be32 magic;
	uint8_t spare[308];
	struct {
		struct be32 sectors, start, kind;
	} __attribute__((packed)) places[16];
	struct be32 checksum, spare2;
} __attribute__((packed));
_Static_assert(sizeof(struct dvh_label) == SECTOR, "SGI's");

enum { DVH_MAGIC = 0x0be5a941, DVH_WHOLE = 10 };

static bool read_dvh(
	const struct blockdev *dev, const uint8_t *sector, struct partition_table *table)
{
	struct be32 words[SECTOR / 4];
	struct dvh_label label;
	uint32_t sum = 0;

	memcpy(&label, sector, sizeof(label));
	memcpy(words, sector, sizeof(words));
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		sum += be32_get(words[i]);
	if (be32_get(label.magic) != DVH_MAGIC || sum)
		return false;
	for (uint32_t i = 0; i < ARRAY_SIZE(label.places); i++) {
		if (be32_get(label.places[i].sectors) && i != DVH_WHOLE)
			add_units(table, dev, i + 1, be32_get(label.places[i].start),
				be32_get(label.places[i].sectors), SECTOR);
	}
	return found(table, TABLE_DVH);
}

bool labels_read(const struct blockdev *dev, struct partition_table *ret)
{
	uint8_t sectors[2 * SECTOR];

	if (blockdev_read(dev, 0, sectors, sizeof(sectors)))
		return false;
	return read_sun(dev, sectors, ret) || read_dvh(dev, sectors, ret) ||
	       read_apple(dev, sectors, ret) || read_bsd(dev, sectors + SECTOR, ret);
}

int partitions_read_inside(const struct blockdev *dev, struct partition_table *ret)
{
	uint8_t sector[SECTOR];
	int err = blockdev_read(dev, SECTOR, sector, sizeof(sector));

	*ret = (struct partition_table){.sector_size = dev->sector_size};
	if (err)
		return err == -ERANGE ? 0 : err;
	(void)(read_bsd(dev, sector, ret) || read_sunpc(dev, sector, ret));
	return 0;
}
