/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bytes.h"
#include "core/checked.h"
#include "parsers/disk/partitions.h"
#include "parsers/fs/unicode.h"

#include <errno.h>
#include <zlib.h>

/* UEFI specification, chapter 5. */
struct gpt_header {
	uint8_t magic[8];
	struct le32 revision, header_size, header_crc, reserved;
	struct le64 my_lba, alternate_lba, first_usable, last_usable;
	uint8_t disk_uuid[16];
	struct le64 entries_lba;
	struct le32 n_entries, entry_size, entries_crc;
} __attribute__((packed));
_Static_assert(sizeof(struct gpt_header) == 92, "UEFI's length");

struct gpt_entry {
	uint8_t type[16], uuid[16];
	struct le64 first, last, attributes;
	struct le16 name[GPT_NAME_UNITS]; /* ends at the first 0 or with the field */
} __attribute__((packed));
_Static_assert(sizeof(struct gpt_entry) == 128, "UEFI's length");

enum {
	MIN_ENTRY = 128,
	MAX_ENTRY = 4096,
	MAX_ENTRIES = 1024, /* looked at; nearly all tables have 128 */
	ATTRIBUTE_LEGACY_BOOT = 1 << 2,
};

static const uint8_t type_esp[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b,
	0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
static const uint8_t type_xbootldr[16] = {0xff, 0xc2, 0x13, 0xbc, 0xe6, 0x59, 0x62, 0x42, 0xa3,
	0x52, 0xb2, 0x75, 0xfd, 0x6f, 0x71, 0x72};

/* A header that was found, and what it was read with. */
struct gpt {
	const struct blockdev *dev;
	uint32_t sector_size;
	struct gpt_header header;
	uint8_t *entries; /* read once: checked and used are the same bytes */
	uint32_t n_entries;
	bool checksums_right;
};

static void gpt_done(struct gpt *gpt)
{
	free(gpt->entries);
}

static bool header_checksum_right(const struct gpt *gpt)
{
	struct gpt_header copy = gpt->header;

	/* A longer header of a later revision would have zeros behind it; none exists. */
	if (le32_get(copy.header_size) != sizeof(copy))
		return false;
	copy.header_crc = (struct le32){0};
	return crc32(0, (const Bytef *)&copy, sizeof(copy)) == le32_get(gpt->header.header_crc);
}

static bool read_entries(struct gpt *gpt)
{
	uint32_t size = le32_get(gpt->header.entry_size);
	uint64_t at;

	if (size < MIN_ENTRY || size > MAX_ENTRY || size % 8)
		return false;
	gpt->n_entries = (uint32_t)min_u64(le32_get(gpt->header.n_entries), MAX_ENTRIES);
	if (!gpt->n_entries ||
		!checked_mul(le64_get(gpt->header.entries_lba), (uint64_t)gpt->sector_size, &at))
		return false;
	gpt->entries = calloc(gpt->n_entries, size);
	return gpt->entries &&
	       !blockdev_read(gpt->dev, at, gpt->entries, (size_t)gpt->n_entries * size);
}

static bool entries_checksum_right(const struct gpt *gpt)
{
	size_t size = (size_t)gpt->n_entries * le32_get(gpt->header.entry_size);

	return gpt->n_entries == le32_get(gpt->header.n_entries) &&
	       crc32(0, (const Bytef *)gpt->entries, (uInt)size) ==
		       le32_get(gpt->header.entries_crc);
}

/* Is there a header whose numbers can be used? */
static bool read_header(struct gpt *gpt, uint64_t lba)
{
	uint64_t at;

	if (!checked_mul(lba, (uint64_t)gpt->sector_size, &at) ||
		blockdev_read(gpt->dev, at, &gpt->header, sizeof(gpt->header)))
		return false;
	if (memcmp(gpt->header.magic, "EFI PART", 8) != 0 || !read_entries(gpt))
		return false;
	gpt->checksums_right = header_checksum_right(gpt) && entries_checksum_right(gpt);
	return true;
}

static void print_uuid(const uint8_t *u, char *ret, size_t size)
{
	snprintf(ret, size, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		u[3], u[2], u[1], u[0], u[5], u[4], u[7], u[6], u[8], u[9], u[10], u[11], u[12],
		u[13], u[14], u[15]);
}

/* `ret` has room for 3 bytes a unit and the NUL. */
static void read_name(const struct gpt_entry *entry, char *ret)
{
	uint16_t units[GPT_NAME_UNITS];
	size_t count = 0;

	while (count < GPT_NAME_UNITS && le16_get(entry->name[count])) {
		units[count] = le16_get(entry->name[count]);
		count++;
	}
	ret[unicode_from_utf16(units, count, ret)] = '\0';
}

static bool is_unused(const struct gpt_entry *entry)
{
	static const uint8_t zero[16];

	return !memcmp(entry->type, zero, sizeof(zero));
}

static bool add_entry(const struct gpt *gpt, const struct gpt_entry *entry, uint32_t number,
	struct partition_table *table)
{
	uint64_t first = le64_get(entry->first), last = le64_get(entry->last);
	uint64_t sectors = UINT64_MAX / gpt->sector_size;
	struct partition partition = {
		.number = number,
		.active = le64_get(entry->attributes) & ATTRIBUTE_LEGACY_BOOT,
		.attributes = le64_get(entry->attributes),
		.esp = !memcmp(entry->type, type_esp, sizeof(type_esp)) ||
		       !memcmp(entry->type, type_xbootldr, sizeof(type_xbootldr)),
	};

	if (last < first || last >= sectors) {
		table->oddities |= TABLE_BROKEN;
		return true;
	}
	partition.start = first * gpt->sector_size;
	partition.size = (last - first + 1) * gpt->sector_size;
	print_uuid(entry->uuid, partition.uuid, sizeof(partition.uuid));
	print_uuid(entry->type, partition.type, sizeof(partition.type));
	read_name(entry, partition.label);
	return table_add(table, gpt->dev, &partition);
}

static void add_entries(const struct gpt *gpt, struct partition_table *table)
{
	uint32_t size = le32_get(gpt->header.entry_size);

	if (gpt->n_entries < le32_get(gpt->header.n_entries))
		table->oddities |= TABLE_MANY;
	for (uint32_t i = 0; i < gpt->n_entries; i++) {
		const struct gpt_entry *entry = (const void *)(gpt->entries + (size_t)i * size);

		if (!is_unused(entry) && !add_entry(gpt, entry, i + 1, table))
			return;
	}
}

/* Reads the table with this sector size: the primary one, the backup, or what GRUB would use. */
static bool read_table(
	const struct blockdev *dev, uint32_t sector_size, struct partition_table *table)
{
	struct gpt primary CLEANUP(gpt_done) = {.dev = dev, .sector_size = sector_size};
	struct gpt backup CLEANUP(gpt_done) = {.dev = dev, .sector_size = sector_size};
	const struct gpt *gpt = &primary;
	uint64_t sectors = dev->size / sector_size;
	bool usable = read_header(&primary, 1);

	if (!usable || !primary.checksums_right) {
		if (sectors && read_header(&backup, sectors - 1) && backup.checksums_right) {
			gpt = &backup;
			table->oddities |= TABLE_BACKUP;
		} else if (!usable) {
			return false;
		} else {
			table->oddities |= TABLE_CHECKSUM;
		}
	}
	table->kind = TABLE_GPT;
	table->sector_size = sector_size;
	print_uuid(gpt->header.disk_uuid, table->disk_uuid, sizeof(table->disk_uuid));
	add_entries(gpt, table);
	return true;
}

void gpt_read(const struct blockdev *dev, struct partition_table *table)
{
	const uint32_t sizes[] = {dev->sector_size, 512, 4096};

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (i && sizes[i] == sizes[0])
			continue;
		if (read_table(dev, sizes[i], table))
			return;
	}
}
