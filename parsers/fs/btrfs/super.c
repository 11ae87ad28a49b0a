/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/btrfs/btrfs.h"

#include <errno.h>
#include <inttypes.h>
#include <uuid/uuid.h>

static int damaged(struct err *err, const char *field, uint64_t value)
{
	return err_set(err, EUCLEAN, "btrfs superblock is damaged: %s is %" PRIu64, field, value);
}

static bool has_magic(const struct btrfs_disk_super *super)
{
	return memcmp(super->magic, BTRFS_MAGIC, sizeof(super->magic)) == 0;
}

static bool is_sound(const struct btrfs_disk_super *super, uint64_t offset)
{
	return has_magic(super) && le64_get(super->bytenr) == offset &&
	       btrfs_checksum_size(le16_get(super->checksum_type)) &&
	       btrfs_checksum_good(le16_get(super->checksum_type), super->fsid,
		       BTRFS_SUPER_SIZE - BTRFS_CHECKSUM_ROOM, super->checksum);
}

/* One of the three copies, the first that is whole; else the first one as it is. */
static int read_super(struct btrfs *btrfs, const struct blockdev *dev, struct btrfs_disk_super *ret)
{
	static const uint64_t copies[] = {64 << 20, 256ULL << 30};
	size_t i;

	if (blockdev_read(dev, BTRFS_SUPER_OFFSET, ret, sizeof(*ret)) || !has_magic(ret))
		return -EINVAL;
	if (is_sound(ret, BTRFS_SUPER_OFFSET))
		return 0;
	btrfs_checksum_note(btrfs, "the superblock");
	for (i = 0; i < ARRAY_SIZE(copies); i++) {
		if (blockdev_read(dev, copies[i], ret, sizeof(*ret)) == 0 &&
			is_sound(ret, copies[i]))
			return 0;
	}
	return blockdev_read(dev, BTRFS_SUPER_OFFSET, ret, sizeof(*ret));
}

static bool same_fs(const struct btrfs_disk_super *a, const struct btrfs_disk_super *b)
{
	return memcmp(a->fsid, b->fsid, sizeof(a->fsid)) == 0;
}

const struct btrfs_device *btrfs_device_find(const struct btrfs *btrfs, const uint8_t *uuid)
{
	uint32_t i;

	for (i = 0; i < btrfs->n_devices; i++) {
		if (memcmp(btrfs->devices[i].uuid, uuid, sizeof(btrfs->devices[i].uuid)) == 0)
			return &btrfs->devices[i];
	}
	return NULL;
}

/* A clone of a device that is known already does not count. */
static bool add_device(
	struct btrfs *btrfs, const struct blockdev *dev, const struct btrfs_disk_super *super)
{
	if (btrfs_device_find(btrfs, super->device.uuid))
		return false;
	btrfs->devices[btrfs->n_devices] = (struct btrfs_device){
		.dev = *dev,
		.generation = le64_get(super->generation),
		.member = btrfs->n_devices == 0,
	};
	memcpy(btrfs->devices[btrfs->n_devices].uuid, super->device.uuid,
		sizeof(super->device.uuid));
	btrfs->n_devices++;
	return true;
}

/*
 * Takes every btrfs device of the guest: chunks tell theirs by UUID, and a seed's has another
 * file system's. `super` becomes the newest of this file system.
 */
static int find_devices(
	struct btrfs *btrfs, const struct fs_source *source, struct btrfs_disk_super *super)
{
	struct btrfs_disk_super other;
	struct btrfs_device *device;
	size_t i;

	btrfs->devices = arena_array(btrfs->arena, source->n_others + 1, sizeof(*btrfs->devices));
	if (!btrfs->devices)
		return -ENOMEM;
	add_device(btrfs, source->dev, super);
	for (i = 0; i < source->n_others; i++) {
		if (blockdev_read(&source->others[i], BTRFS_SUPER_OFFSET, &other, sizeof(other)) ||
			!is_sound(&other, BTRFS_SUPER_OFFSET) ||
			!add_device(btrfs, &source->others[i], &other))
			continue;
		device = &btrfs->devices[btrfs->n_devices - 1];
		device->member = same_fs(super, &other);
		if (device->member && device->generation > le64_get(super->generation))
			*super = other;
	}
	return 0;
}

/* A member that missed the last writes serves only where nothing else does. */
static void judge_devices(struct btrfs *btrfs, const struct btrfs_disk_super *super)
{
	uint64_t newest = le64_get(super->generation), expected = le64_get(super->devices);
	uint32_t i, members = 0;

	for (i = 0; i < btrfs->n_devices; i++) {
		struct btrfs_device *device = &btrfs->devices[i];

		members += device->member;
		device->stale = device->member && device->generation < newest;
		if (device->stale)
			report_add(btrfs->report, REPORT_WARNING,
				"%.*s btrfs: a device missed the last writes (generation %" PRIu64
				", others have %" PRIu64 ")",
				TEXT_ARG(btrfs->volume), device->generation, newest);
	}
	if (members < expected)
		report_add(btrfs->report, REPORT_WARNING,
			"%.*s btrfs: %" PRIu32 " of its %" PRIu64 " devices found",
			TEXT_ARG(btrfs->volume), members, expected);
}

static bool is_power(uint32_t size, uint32_t min, uint32_t max)
{
	return size >= min && size <= max && (size & (size - 1)) == 0;
}

static int check_features(const struct btrfs_disk_super *super, struct err *err)
{
	uint64_t unknown = le64_get(super->incompat) & ~BTRFS_INCOMPAT_KNOWN;

	if (unknown)
		return err_set(err, ENOTSUP,
			"btrfs uses unknown incompatible feature 0x%" PRIx64
			"; update bootfs or boot with kernel=",
			unknown);
	if (!btrfs_checksum_size(le16_get(super->checksum_type)))
		return err_set(err, ENOTSUP,
			"btrfs uses unknown checksum type %u; update bootfs or boot with kernel=",
			le16_get(super->checksum_type));
	return 0;
}

static int check_fields(const struct btrfs_disk_super *super, struct err *err)
{
	uint32_t sector = le32_get(super->sector_size), node = le32_get(super->node_size);

	if (!is_power(sector, 512, BTRFS_MAX_NODE))
		return damaged(err, "sector size", sector);
	if (!is_power(node, sector < 4096 ? 4096 : sector, BTRFS_MAX_NODE))
		return damaged(err, "node size", node);
	if (le32_get(super->chunks_size) > sizeof(super->chunks))
		return damaged(err, "size of the first chunks", le32_get(super->chunks_size));
	if (super->root_level >= BTRFS_MAX_LEVEL)
		return damaged(err, "level of the root tree", super->root_level);
	if (super->chunk_root_level >= BTRFS_MAX_LEVEL)
		return damaged(err, "level of the chunk tree", super->chunk_root_level);
	if (le64_get(super->root) == 0 || le64_get(super->root) % sector)
		return damaged(err, "place of the root tree", le64_get(super->root));
	if (le64_get(super->chunk_root) == 0 || le64_get(super->chunk_root) % sector)
		return damaged(err, "place of the chunk tree", le64_get(super->chunk_root));
	if (le64_get(super->devices) == 0)
		return damaged(err, "number of devices", 0);
	return 0;
}

static int check_size(
	const struct btrfs_disk_super *super, const struct blockdev *dev, struct err *err)
{
	uint64_t size = le64_get(super->device.total_bytes);

	if (size == 0)
		return damaged(err, "size of the device", size);
	if (size > dev->size)
		return err_set(err, EUCLEAN,
			"btrfs is cut off: it has %" PRIu64 " bytes here, its volume only %" PRIu64,
			size, dev->size);
	return 0;
}

static int take_names(struct btrfs *btrfs, const struct btrfs_disk_super *super)
{
	struct text label = {super->label, sizeof(super->label)};
	char uuid[UUID_STR_LEN];
	int r;

	uuid_unparse_lower(super->fsid, uuid);
	r = arena_text(btrfs->arena, text_of(uuid), &btrfs->fs.uuid);
	if (r)
		return r;
	return arena_text(btrfs->arena, text_first(label, text_find(label, 0)), &btrfs->fs.label);
}

static void take_fields(struct btrfs *btrfs, const struct btrfs_disk_super *super)
{
	btrfs->sector_size = le32_get(super->sector_size);
	btrfs->node_size = le32_get(super->node_size);
	btrfs->checksum_type = le16_get(super->checksum_type);
	btrfs->checksum_size = btrfs_checksum_size(btrfs->checksum_type);
	btrfs->root_tree = (struct btrfs_tree){
		.root = le64_get(super->root),
		.generation = le64_get(super->generation),
		.level = super->root_level,
	};
	btrfs->chunk_tree = (struct btrfs_tree){
		.root = le64_get(super->chunk_root),
		.generation = le64_get(super->chunk_root_generation),
		.level = super->chunk_root_level,
	};
	if (le64_get(super->log_root))
		report_add(btrfs->report, REPORT_WARNING,
			"%.*s btrfs: log not replayed: recent changes may be missing",
			TEXT_ARG(btrfs->volume));
}

int btrfs_super_read(struct btrfs *btrfs, const struct fs_source *source,
	struct btrfs_disk_super *super, struct err *err)
{
	int r;

	if (read_super(btrfs, source->dev, super))
		return err_set(err, EINVAL, "not btrfs");
	r = check_size(super, source->dev, err);
	if (r)
		return r;
	if (find_devices(btrfs, source, super))
		return err_set(err, ENOMEM, "no memory for btrfs");
	r = check_features(super, err);
	if (r)
		return r;
	r = check_fields(super, err);
	if (r)
		return r;
	judge_devices(btrfs, super);
	take_fields(btrfs, super);
	return take_names(btrfs, super) ? err_set(err, ENOMEM, "no memory for btrfs") : 0;
}
