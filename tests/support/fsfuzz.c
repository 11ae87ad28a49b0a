/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/fsfuzz.h"

#include "core/bytes.h"
#include "core/checked.h"

#include <assert.h>

enum {
	SECTOR = 512,
	MAX_NODES = 256,   /* looked at in one walk */
	MAX_NAMES = 64,    /* of one folder */
	READ_SIZE = 70000, /* bytes read at a time */
	MAX_CHECKED = 8,   /* extents of a file that are compared */
	ARENA = 64 << 20,
};

/* Lays the part of one run that is asked for over what is there. */
static void overlay(
	uint64_t offset, uint8_t *buf, size_t len, uint64_t run, const uint8_t *bytes, size_t n)
{
	uint64_t from = offset > run ? offset : run;
	uint64_t to = min_u64(offset + len, run + n);

	if (from < to)
		memcpy(buf + (from - offset), bytes + (from - run), to - from);
}

static int sparse_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	const struct sparse_disk *disk = dev->under;
	struct le32 sector;
	struct le16 sectors;
	size_t at, n;

	offset += dev->start;
	memset(buf, 0, len);
	for (at = sizeof(struct le64); disk->len - at > 6; at += n) {
		memcpy(&sector, disk->bytes + at, 4);
		memcpy(&sectors, disk->bytes + at + 4, 2);
		at += 6;
		n = min_size((size_t)le16_get(sectors) * SECTOR, disk->len - at);
		overlay(offset, buf, len, (uint64_t)le32_get(sector) * SECTOR, disk->bytes + at, n);
	}
	return 0;
}

static int sparse_map(
	const struct blockdev *dev, uint64_t offset, uint64_t length, struct extents *ret)
{
	return extents_add(ret, EXTENT_DISK, 0, dev->start + offset, length);
}

bool sparse_disk_init(struct sparse_disk *disk, const uint8_t *bytes, size_t len)
{
	struct le64 size;

	if (len < sizeof(size))
		return false;
	memcpy(&size, bytes, sizeof(size));
	*disk = (struct sparse_disk){
		.dev = {.read = sparse_read,
			.map = sparse_map,
			.size = le64_get(size) & INT64_MAX,
			.sector_size = SECTOR,
			.fd = -1,
			.under = disk},
		.bytes = bytes,
		.len = len,
	};
	return true;
}

/* Spreads a number over all bits (the last steps of MurmurHash3, which is public domain). */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

/* The place in the sector and the new value of its one byte to be changed; false: none. */
static bool choose_damage(uint64_t seed, uint64_t sector, uint32_t *at, uint8_t *value)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	uint64_t chance = mix(mix(seed) ^ sector);

	if (chance % ((uint64_t)4 << seed % 8) != 0)
		return false;
	*at = (chance >> 8) % SECTOR;
	chance = mix(chance);
	*value = chance & 0x100 ? values[chance % ARRAY_SIZE(values)] : (uint8_t)chance;
	return true;
}

bool damage_sector(uint64_t seed, uint64_t sector, uint8_t bytes[512])
{
	uint32_t at;
	uint8_t value;

	if (!choose_damage(seed, sector, &at, &value) || bytes[at] == value)
		return false;
	bytes[at] = value;
	return true;
}

static void damage_part(uint64_t seed, uint64_t sector, uint64_t offset, uint8_t *buf, size_t len)
{
	uint64_t place = sector * SECTOR;
	uint32_t at;
	uint8_t value;

	if (!choose_damage(seed, sector, &at, &value))
		return;
	place += at;
	if (place >= offset && place - offset < len)
		buf[place - offset] = value;
}

static int damaged_read(const struct blockdev *dev, uint64_t offset, void *buf, size_t len)
{
	const struct damaged_disk *disk = dev->under;
	uint64_t sector;
	int r;

	offset += dev->start;
	r = blockdev_read(disk->under, offset, buf, len);
	for (sector = offset / SECTOR; r == 0 && sector * SECTOR < offset + len; sector++)
		damage_part(disk->seed, sector, offset, buf, len);
	return r;
}

void damaged_disk_init(struct damaged_disk *disk, const struct blockdev *under, uint64_t seed)
{
	*disk = (struct damaged_disk){.dev = *under, .under = under, .seed = seed};
	disk->dev.read = damaged_read;
	disk->dev.map = sparse_map;
	disk->dev.start = 0;
	disk->dev.under = disk;
}

/* A walk: the folders still to be listed, and the names of the one at hand. */
struct walk {
	struct fs *fs;
	const struct blockdev *disks;
	size_t n_disks;
	struct node nodes[MAX_NODES];
	uint32_t count;
	char names[MAX_NAMES][256];
	size_t lens[MAX_NAMES];
	uint32_t n_names;
	char read[READ_SIZE], raw[READ_SIZE];
};

static int take_name(void *context, struct text name)
{
	struct walk *walk = context;

	assert(name.len > 0 && name.len <= 255 * 4);
	name = text_first(name, sizeof(walk->names[0]));
	memcpy(walk->names[walk->n_names], name.at, name.len);
	walk->lens[walk->n_names] = name.len;
	return ++walk->n_names == MAX_NAMES;
}

/* A piece of a file must read as the disk does where the reader says it lies. */
static void check_extent(struct walk *walk, const struct node *file, const struct extent *extent)
{
	size_t len = (size_t)min_u64(extent->length, READ_SIZE), i;
	ssize_t got = walk->fs->ops->read(walk->fs, file, extent->offset, walk->read, len);

	if (got < 0 || extent->kind == EXTENT_LATER)
		return;
	assert((size_t)got == len);
	if (extent->kind == EXTENT_DISK) {
		/* Reading may take another copy than the extents, if a checksum is wrong. */
		if (strcmp(walk->fs->name, "btrfs") == 0 || extent->disk >= walk->n_disks)
			return;
		assert(blockdev_read(&walk->disks[extent->disk], extent->at, walk->raw, len) == 0);
		assert(memcmp(walk->read, walk->raw, len) == 0);
		return;
	}
	for (i = 0; i < len; i++)
		assert(walk->read[i] == 0);
}

static void use_file(struct walk *walk, const struct node *file)
{
	_extents_ struct extents extents = {0};
	const struct extent *last;
	uint64_t at;
	ssize_t got;
	uint32_t i;

	got = walk->fs->ops->read(walk->fs, file, 0, walk->read, READ_SIZE);
	assert(got < 0 || (uint64_t)got == min_u64(file->size, READ_SIZE));
	at = file->size > 1000 ? file->size - 1000 : 0;
	got = walk->fs->ops->read(walk->fs, file, at, walk->read, READ_SIZE);
	assert(got < 0 || (uint64_t)got == file->size - at);
	if (walk->fs->ops->extents(walk->fs, file, &extents))
		return;
	last = extents.count ? &extents.at[extents.count - 1] : NULL;
	assert((last ? last->offset + last->length : 0) == file->size);
	for (i = 0; i < extents.count && i < MAX_CHECKED; i++)
		check_extent(walk, file, &extents.at[i]);
}

static void use_folder(struct walk *walk, const struct node *folder)
{
	struct node node;
	uint32_t i;

	walk->n_names = 0;
	(void)walk->fs->ops->list(walk->fs, folder, take_name, walk);
	for (i = 0; i < walk->n_names; i++) {
		struct text name = {walk->names[i], walk->lens[i]};

		if (walk->fs->ops->find(walk->fs, folder, name, &node) == 0 &&
			walk->count < MAX_NODES)
			walk->nodes[walk->count++] = node;
	}
	(void)walk->fs->ops->find(walk->fs, folder, TEXT("no such name"), &node);
}

static void use_node(struct walk *walk, const struct node *node)
{
	ssize_t got;

	if (node->type == NODE_FILE) {
		use_file(walk, node);
	} else if (node->type == NODE_FOLDER) {
		use_folder(walk, node);
	} else if (node->type == NODE_LINK) {
		got = walk->fs->ops->readlink(walk->fs, node, walk->read, READ_SIZE);
		assert(got < READ_SIZE);
	}
}

uint32_t fsfuzz_walk(struct fs *fs, const struct blockdev *disks, size_t n_disks)
{
	_free_ struct walk *walk = calloc(1, sizeof(*walk));
	uint32_t i;

	if (!walk)
		return 0;
	walk->fs = fs;
	walk->disks = disks;
	walk->n_disks = n_disks;
	if (fs->ops->root(fs, &walk->nodes[0]) == 0)
		walk->count = 1;
	for (i = 0; i < walk->count; i++)
		use_node(walk, &walk->nodes[i]);
	return walk->count;
}

uint32_t fsfuzz_use(const struct fs_ops *ops, const struct blockdev *dev,
	const struct blockdev *others, size_t n_others)
{
	_arena_ struct arena arena = {.limit = ARENA};
	struct report report;
	struct err err = {0};
	struct fs *fs;
	uint32_t count;
	int r;

	report_init(&report, &arena);
	if (ops->probe(dev) < 0)
		return 0;
	r = ops->open(&(struct fs_source){dev, others, n_others, &arena, &report, TEXT("hd0")}, &fs,
		&err);
	assert(r <= 0 && err.code == -r);
	if (r)
		return 0;
	count = fsfuzz_walk(fs, dev, 1);
	ops->close(fs);
	return count;
}
