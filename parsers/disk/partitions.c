/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/partitions.h"

#include "core/bytes.h"
#include "core/checked.h"

#include <errno.h>
#include <string.h>

/* The master boot record, and the extended ones in front of logical partitions. */
struct mbr_entry {
	uint8_t flags, chs_first[3], type, chs_last[3];
	struct le32 start, sectors;
} __attribute__((packed));

struct mbr {
	uint8_t code[440];
	struct le32 disk_id;
	uint8_t reserved[2];
	struct mbr_entry entries[4];
	uint8_t signature[2];
} __attribute__((packed));
_Static_assert(sizeof(struct mbr) == 512, "a sector");

enum {
	TYPE_ESP = 0xef,
	TYPE_XBOOTLDR = 0xea,
	TYPE_PROTECTIVE = 0xee,
	/* Solaris before 2006 has the number of Linux' swap. */
	TYPE_SOLARIS_OLD = 0x82,
	TYPE_SOLARIS = 0xbf,
	TYPE_FREEBSD = 0xa5,
	TYPE_OPENBSD = 0xa6,
	TYPE_NETBSD = 0xa9,
	FLAG_ACTIVE = 0x80,
	FIRST_LOGICAL = 5,
	MAX_CHAIN = 2 * MAX_PARTITIONS, /* extended records followed */
	BLANK_PIECES = 17,              /* of 4096 bytes: btrfs' first superblock is in the last */
};

const char *table_name(enum table_kind kind)
{
	static const char *const names[] = {"", "MBR", "GPT", "Sun label", "Solaris label",
		"BSD label", "Apple map", "SGI label"};

	return names[kind];
}

const char *table_partmap(enum table_kind kind)
{
	static const char *const names[] = {
		"", "msdos", "gpt", "sun", "sunpc", "bsd", "apple", "dvh"};

	return names[kind];
}

bool table_add(struct partition_table *table, const struct blockdev *dev,
	const struct partition *partition)
{
	struct partition *to;

	if (table->count >= MAX_PARTITIONS) {
		table->oddities |= TABLE_MANY;
		return false;
	}
	if (!range_inside(partition->start, partition->size, dev->size))
		table->oddities |= TABLE_CUT;
	if (partition->start >= dev->size)
		return true;
	to = &table->at[table->count++];
	*to = *partition;
	to->size = min_u64(partition->size, dev->size - partition->start);
	return true;
}

static bool is_extended(const struct mbr_entry *entry)
{
	return entry->type == 0x05 || entry->type == 0x0f || entry->type == 0x85;
}

static bool is_empty(const struct mbr_entry *entry)
{
	return entry->type == 0 || le32_get(entry->sectors) == 0;
}

/* A boot sector of a file system has the same signature, but code where flags would be. */
static bool is_table(const struct mbr *mbr)
{
	if (mbr->signature[0] != 0x55 || mbr->signature[1] != 0xaa)
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(mbr->entries); i++) {
		if (mbr->entries[i].flags & ~FLAG_ACTIVE)
			return false;
	}
	return true;
}

/* What an MBR is read with. */
struct mbr_reader {
	const struct blockdev *dev;
	struct partition_table *table;
	uint32_t disk_id;
	uint32_t number;   /* of the next logical partition */
	uint64_t extended; /* sector where the extended partition begins */
};

static bool is_holder(const struct mbr_entry *entry)
{
	return entry->type == TYPE_SOLARIS_OLD || entry->type == TYPE_SOLARIS ||
	       entry->type == TYPE_FREEBSD || entry->type == TYPE_OPENBSD ||
	       entry->type == TYPE_NETBSD;
}

static bool add_entry(
	struct mbr_reader *reader, const struct mbr_entry *entry, uint64_t base, uint32_t number)
{
	uint32_t sector = reader->table->sector_size;
	struct partition partition = {
		.number = number,
		.start = (base + le32_get(entry->start)) * sector,
		.size = (uint64_t)le32_get(entry->sectors) * sector,
		.active = entry->flags & FLAG_ACTIVE,
		.esp = entry->type == TYPE_ESP || entry->type == TYPE_XBOOTLDR,
		.holder = is_holder(entry),
	};

	snprintf(partition.uuid, sizeof(partition.uuid), "%08x-%02x", reader->disk_id, number);
	return table_add(reader->table, reader->dev, &partition);
}

/* One extended record: its partitions, and where the next record is (0: the last one). */
static bool add_logical(
	struct mbr_reader *reader, const struct mbr *record, uint64_t at, uint64_t *next)
{
	*next = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(record->entries); i++) {
		const struct mbr_entry *entry = &record->entries[i];

		if (is_empty(entry))
			continue;
		if (is_extended(entry)) {
			if (!*next)
				*next = reader->extended + le32_get(entry->start);
		} else if (!add_entry(reader, entry, at, reader->number++)) {
			return false;
		}
	}
	return true;
}

/* Adds the partitions of the record at `at`. False: the chain ends here. */
static bool read_record(struct mbr_reader *reader, uint64_t at, uint64_t *next)
{
	struct partition_table *table = reader->table;
	struct mbr record;

	if (blockdev_read(reader->dev, at * table->sector_size, &record, sizeof(record))) {
		table->oddities |= TABLE_UNREADABLE;
		return false;
	}
	if (!is_table(&record)) {
		table->oddities |= TABLE_BROKEN;
		return false;
	}
	return add_logical(reader, &record, at, next);
}

static void read_chain(struct mbr_reader *reader)
{
	uint64_t seen[MAX_CHAIN] = {0}, at = reader->extended, next;

	/* A chain may go back on the disk, but nowhere twice. */
	for (unsigned i = 0; i < MAX_CHAIN; i++, at = next) {
		for (unsigned before = 0; before < i; before++) {
			if (seen[before] == at) {
				reader->table->oddities |= TABLE_BROKEN;
				return;
			}
		}
		seen[i] = at;
		if (!read_record(reader, at, &next) || !next)
			return;
	}
	reader->table->oddities |= TABLE_BROKEN;
}

static void read_mbr(
	const struct blockdev *dev, const struct mbr *mbr, struct partition_table *table)
{
	struct mbr_reader reader = {
		.dev = dev,
		.table = table,
		.disk_id = le32_get(mbr->disk_id),
		.number = FIRST_LOGICAL,
	};
	bool extended = false;

	for (uint32_t i = 0; i < ARRAY_SIZE(mbr->entries); i++) {
		const struct mbr_entry *entry = &mbr->entries[i];

		if (is_empty(entry))
			continue;
		if (!is_extended(entry)) {
			add_entry(&reader, entry, 0, i + 1);
		} else if (!extended) {
			extended = true;
			reader.extended = le32_get(entry->start);
		}
	}
	if (extended)
		read_chain(&reader);
	if (table->count)
		table->kind = TABLE_MBR;
}

/* Where a file system begins, all kinds of them have something in these bytes. */
static bool is_blank(const struct blockdev *dev, uint64_t at)
{
	static const char zeros[4096];
	char bytes[sizeof(zeros)];

	for (unsigned i = 0; i < BLANK_PIECES; i++, at += sizeof(bytes)) {
		if (!blockdev_read(dev, at, bytes, sizeof(bytes)) &&
			memcmp(bytes, zeros, sizeof(bytes)) != 0)
			return false;
	}
	return true;
}

/*
 * Is this the image of a disk with sectors of 4096 bytes? The table does not say. In sectors of 512
 * its partitions begin with nothing, in the larger ones with something, and all fit on the disk.
 */
static bool counts_in_4096(const struct blockdev *dev, const struct mbr *mbr)
{
	bool found = false;

	for (unsigned i = 0; dev->sector_size == 512 && i < ARRAY_SIZE(mbr->entries); i++) {
		uint64_t start = le32_get(mbr->entries[i].start);
		uint64_t sectors = le32_get(mbr->entries[i].sectors);

		if (is_empty(&mbr->entries[i]))
			continue;
		if (!range_inside(start * 4096, sectors * 4096, dev->size) ||
			!is_blank(dev, start * 512))
			return false;
		found = found || !is_blank(dev, start * 4096);
	}
	return found;
}

static bool is_protective(const struct mbr *mbr)
{
	for (unsigned i = 0; i < ARRAY_SIZE(mbr->entries); i++) {
		if (mbr->entries[i].type == TYPE_PROTECTIVE)
			return true;
	}
	return false;
}

int partitions_read(const struct blockdev *dev, struct partition_table *ret)
{
	struct mbr mbr;
	int err;

	ret->kind = TABLE_NONE;
	ret->sector_size = dev->sector_size;
	ret->oddities = 0;
	ret->count = 0;
	err = blockdev_read(dev, 0, &mbr, sizeof(mbr));
	if (err)
		return err == -ERANGE ? 0 : err;
	if (!is_table(&mbr)) {
		(void)labels_read(dev, ret);
		return 0;
	}
	if (!is_protective(&mbr) && counts_in_4096(dev, &mbr))
		ret->sector_size = 4096;
	if (is_protective(&mbr))
		gpt_read(dev, ret);
	else
		read_mbr(dev, &mbr, ret);
	/* A BSD's boot block looks like a table with nothing in it. */
	if (ret->kind == TABLE_NONE)
		(void)labels_read(dev, ret);
	return 0;
}
