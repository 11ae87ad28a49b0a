/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/fat/fat.h"

#include <errno.h>
#include <string.h>

enum {
	MAX_FAT12_CLUSTERS = 4084,
	MAX_FAT16_CLUSTERS = 65524,
	MAX_FAT32_CLUSTERS = 0x0ffffff5,
	ONE_TABLE_IN_USE = 0x80,
};

/* The first 512 bytes: boot code with the BIOS parameter block. */
struct boot_sector {
	unsigned char jump[3], system[8];
	struct le16 sector_size; /* bytes */
	unsigned char cluster_sectors;
	struct le16 reserved_sectors;
	unsigned char tables;
	struct le16 root_entries, sectors_16;
	unsigned char media;
	struct le16 table_sectors_16, geometry[2];
	struct le32 hidden_sectors, sectors_32;
	union {
		struct {
			unsigned char drive, flags, signature, serial[4], label[11], type[8];
			unsigned char code[448];
		} __attribute__((packed)) fat16;
		struct {
			struct le32 table_sectors;
			struct le16 table_flags, version;
			struct le32 root_cluster;
			struct le16 info_sector, backup_sector;
			unsigned char reserved[12];
			unsigned char drive, flags, signature, serial[4], label[11], type[8];
			unsigned char code[420];
		} __attribute__((packed)) fat32;
	} __attribute__((packed)) u;
	unsigned char mark[2]; /* 55 aa */
} __attribute__((packed));
_Static_assert(sizeof(struct boot_sector) == 512, "a boot sector");

static bool is_power_of_2(uint32_t n)
{
	return n && !(n & (n - 1));
}

/* What FAT's formatters leave: a name of the type, or a boot sector's mark. */
static bool has_mark(const struct boot_sector *boot)
{
	/* OS/2 put such a block in front of its other file systems. */
	if (memcmp(boot->u.fat16.type, "JFS     ", 8) == 0 ||
		memcmp(boot->u.fat16.type, "HPFS    ", 8) == 0)
		return false;
	return (boot->mark[0] == 0x55 && boot->mark[1] == 0xaa) ||
	       memcmp(boot->u.fat32.type, "FAT32   ", 8) == 0 ||
	       memcmp(boot->u.fat16.type, "FAT", 3) == 0 ||
	       memcmp(boot->u.fat16.type, "MSDOS", 5) == 0;
}

static bool is_fat(const struct boot_sector *boot)
{
	uint32_t sector_size = le16_get(boot->sector_size);

	return has_mark(boot) && is_power_of_2(sector_size) && sector_size >= 512 &&
	       sector_size <= 4096 && is_power_of_2(boot->cluster_sectors) &&
	       le16_get(boot->reserved_sectors) && boot->tables &&
	       (boot->media == 0xf0 || boot->media >= 0xf8);
}

static int read_boot_sector(const struct blockdev *dev, struct boot_sector *ret)
{
	int r = blockdev_read(dev, 0, ret, sizeof(*ret));

	return r == -ERANGE ? -EINVAL : r;
}

int fat_probe(const struct blockdev *dev)
{
	struct boot_sector boot;
	int r = read_boot_sector(dev, &boot);

	if (r < 0)
		return r == -EINVAL ? 0 : r;
	return is_fat(&boot);
}

/* The layout in sectors, as the boot sector says it. */
struct layout {
	uint64_t table_sectors, root_sectors, data_start, sectors, clusters;
};

static void lay_out(const struct boot_sector *boot, struct layout *ret)
{
	uint32_t sector_size = le16_get(boot->sector_size);
	uint64_t root_bytes = (uint64_t)le16_get(boot->root_entries) * FAT_ENTRY_BYTES;

	ret->table_sectors = le16_get(boot->table_sectors_16);
	if (!ret->table_sectors)
		ret->table_sectors = le32_get(boot->u.fat32.table_sectors);
	ret->sectors = le16_get(boot->sectors_16);
	if (!ret->sectors)
		ret->sectors = le32_get(boot->sectors_32);
	ret->root_sectors = (root_bytes + sector_size - 1) / sector_size;
	ret->data_start = le16_get(boot->reserved_sectors) + ret->table_sectors * boot->tables +
			  ret->root_sectors;
	ret->clusters = ret->sectors > ret->data_start
				? (ret->sectors - ret->data_start) / boot->cluster_sectors
				: 0;
}

/* The table's kind follows from the number of clusters; FAT32's size field is its own. */
static uint32_t table_bits(const struct boot_sector *boot, const struct layout *layout)
{
	if (!le16_get(boot->table_sectors_16))
		return 32;
	return layout->clusters > MAX_FAT12_CLUSTERS ? 16 : 12;
}

/* FAT32 only: which of the tables is in use, and where the root begins. */
static int take_fat32(
	struct fat *fat, const struct boot_sector *boot, uint64_t table_bytes, struct err *err)
{
	uint32_t flags = le16_get(boot->u.fat32.table_flags);
	uint32_t version = le16_get(boot->u.fat32.version);

	if (version)
		return err_set(err, ENOTSUP, "FAT32 of unknown version %u.%u", version >> 8,
			version & 0xff);
	if (flags & ONE_TABLE_IN_USE) {
		if ((flags & 15) >= boot->tables)
			return err_set(err, EUCLEAN, "FAT table %u of %u is in use", flags & 15,
				boot->tables);
		fat->table += (flags & 15) * table_bytes;
	}
	fat->root_cluster = le32_get(boot->u.fat32.root_cluster);
	if (!fat_is_cluster(fat, fat->root_cluster))
		return err_set(err, EUCLEAN, "the root folder of FAT32 lies nowhere");
	return 0;
}

/* Cuts the number of clusters to what the table describes and the volume holds. */
static void bound_clusters(
	struct fat *fat, const struct fs_source *source, uint64_t table_bytes, uint64_t clusters)
{
	uint64_t described = table_bytes * 8 / fat->bits;
	uint64_t room = (fat->dev.size - fat->data) / fat->cluster_size;

	if (clusters > room)
		report_add(source->report, REPORT_WARNING,
			"%.*s FAT: larger than its volume: the end of it cannot be read",
			TEXT_ARG(source->name));
	clusters = min_u64(clusters, room);
	clusters = min_u64(clusters, described - FAT_FIRST_CLUSTER);
	fat->clusters = (uint32_t)min_u64(clusters, MAX_FAT32_CLUSTERS);
}

/* Fills the layout; nothing of it lies outside the volume or overflows afterwards. */
static int take_layout(struct fat *fat, const struct fs_source *source,
	const struct boot_sector *boot, struct err *err)
{
	uint32_t sector_size = le16_get(boot->sector_size);
	struct layout layout;
	uint64_t table_bytes;

	lay_out(boot, &layout);
	table_bytes = layout.table_sectors * sector_size;
	fat->bits = table_bits(boot, &layout);
	fat->cluster_size = sector_size * boot->cluster_sectors;
	fat->table = (uint64_t)le16_get(boot->reserved_sectors) * sector_size;
	fat->root_entries = fat->bits == 32 ? 0 : le16_get(boot->root_entries);
	fat->data = layout.data_start * sector_size;
	fat->root = fat->data - layout.root_sectors * sector_size;
	if (!layout.clusters || table_bytes < 3 || fat->data >= fat->dev.size)
		return err_set(err, EUCLEAN, "FAT with no room for files");
	if (fat->bits == 16 && layout.clusters > MAX_FAT16_CLUSTERS)
		return err_set(err, EUCLEAN, "FAT16 with %llu clusters",
			(unsigned long long)layout.clusters);
	bound_clusters(fat, source, table_bytes, layout.clusters);
	return fat->bits == 32 ? take_fat32(fat, boot, table_bytes, err) : 0;
}

int fat_take_layout(struct fat *fat, const struct fs_source *source, struct err *err)
{
	struct boot_sector boot;
	int r;

	r = read_boot_sector(source->dev, &boot);
	if (r == -EIO)
		return err_set(err, EIO, "cannot read the boot sector");
	if (r < 0 || !is_fat(&boot))
		return err_set(err, EINVAL, "not a FAT file system");
	fat->dev = *source->dev;
	r = take_layout(fat, source, &boot, err);
	if (r < 0)
		return r;
	memcpy(fat->serial, fat->bits == 32 ? boot.u.fat32.serial : boot.u.fat16.serial,
		sizeof(fat->serial));
	return 0;
}
