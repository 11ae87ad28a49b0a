/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/xfs/xfs.h"

#include "core/checked.h"
#include "parsers/fs/crc32c.h"

#include <errno.h>
#include <inttypes.h>

static int damaged(struct err *err, const char *field, uint64_t value)
{
	return err_set(err, EUCLEAN, "XFS superblock is damaged: %s is %" PRIu64, field, value);
}

static int unknown_feature(struct err *err, uint32_t features)
{
	return err_set(err, ENOTSUP,
		"XFS uses unknown incompatible feature 0x%x; update bootfs or boot with kernel=",
		features);
}

/* Is `size` the power of two that `log` says, and inside the format's bounds? */
static bool size_good(uint32_t size, uint8_t log, uint32_t min, uint32_t max)
{
	return log < 32 && size == (uint32_t)1 << log && size >= min && size <= max;
}

static int check_features_v4(const struct xfs_disk_super *super, struct err *err)
{
	uint16_t version = be16_get(super->version);
	uint32_t more = version & XFS_VERSION_MORE ? be32_get(super->features2) : 0;

	if (!(version & XFS_VERSION_DIRV2))
		return err_set(err, ENOTSUP, "XFS with version 1 folders is not read");
	if (more & ~XFS_FEATURES2_KNOWN)
		return unknown_feature(err, more & ~XFS_FEATURES2_KNOWN);
	return 0;
}

static int check_features(struct xfs *xfs, const struct xfs_disk_super *super, struct err *err)
{
	uint32_t version = be16_get(super->version) & XFS_VERSION_MASK;
	uint32_t incompat = be32_get(super->features_incompat);

	if (version == 4)
		return check_features_v4(super, err);
	if (version != 5)
		return err_set(err, ENOTSUP, "XFS version %u is not read, only 4 and 5", version);
	if (incompat & ~XFS_INCOMPAT_KNOWN)
		return unknown_feature(err, incompat & ~XFS_INCOMPAT_KNOWN);
	if (incompat & XFS_INCOMPAT_REPAIR)
		report_add(xfs->report, REPORT_WARNING,
			"%.*s XFS: marked as damaged, its guest must run xfs_repair",
			TEXT_ARG(xfs->volume));
	return 0;
}

static int check_sizes(const struct xfs_disk_super *super, struct err *err)
{
	uint32_t block = be32_get(super->block_size), inode = be16_get(super->inode_size);
	uint32_t sector = be16_get(super->sector_size);

	if (!size_good(block, super->block_log, 512, XFS_MAX_BLOCK))
		return damaged(err, "block size", block);
	if (!size_good(sector, super->sector_log, 512, 32768))
		return damaged(err, "sector size", sector);
	if (!size_good(inode, super->inode_log, 256, XFS_MAX_INODE) || inode > block)
		return damaged(err, "inode size", inode);
	if (!size_good(be16_get(super->inodes_per_block), super->inodes_per_block_log, 1,
		    block / inode) ||
		be16_get(super->inodes_per_block) != block / inode)
		return damaged(err, "inodes per block", be16_get(super->inodes_per_block));
	if (super->dir_block_log > 16 - super->block_log)
		return damaged(err, "folder block size exponent", super->dir_block_log);
	if (super->in_progress)
		return err_set(err, EUCLEAN, "XFS was never completely made: mkfs did not end");
	return 0;
}

static int check_groups(const struct xfs_disk_super *super, uint64_t device, struct err *err)
{
	uint64_t blocks = be64_get(super->blocks), size;
	uint32_t group = be32_get(super->ag_blocks), count = be32_get(super->ag_count);
	uint8_t log = super->ag_block_log;

	if (group < 64 || group > (uint32_t)1 << 31)
		return damaged(err, "allocation group size", group);
	if (log > 31 || (uint32_t)1 << log < group || (uint32_t)1 << (log - 1) >= group)
		return damaged(err, "allocation group size exponent", log);
	if (count == 0 || blocks > (uint64_t)group * count ||
		blocks <= (uint64_t)group * (count - 1))
		return damaged(err, "number of allocation groups", count);
	if (!checked_mul(blocks, be32_get(super->block_size), &size))
		return damaged(err, "number of blocks", blocks);
	if (size > device)
		return err_set(err, EUCLEAN,
			"XFS is cut off: it has %" PRIu64 " bytes, its volume only %" PRIu64, size,
			device);
	return 0;
}

static void take_features(struct xfs *xfs, const struct xfs_disk_super *super)
{
	uint16_t version = be16_get(super->version);

	xfs->v5 = (version & XFS_VERSION_MASK) == 5;
	xfs->nocase = version & XFS_VERSION_NOCASE;
	if (xfs->v5)
		xfs->ftype = be32_get(super->features_incompat) & XFS_INCOMPAT_FTYPE;
	else if (version & XFS_VERSION_MORE)
		xfs->ftype = be32_get(super->features2) & XFS_FEATURES2_FTYPE;
}

static void take_geometry(struct xfs *xfs, const struct xfs_disk_super *super)
{
	xfs->block_size = be32_get(super->block_size);
	xfs->sector_size = be16_get(super->sector_size);
	xfs->inode_size = be16_get(super->inode_size);
	xfs->dir_size = xfs->block_size << super->dir_block_log;
	xfs->block_log = super->block_log;
	xfs->inode_log = super->inode_log;
	xfs->inodes_per_block_log = super->inodes_per_block_log;
	xfs->ag_block_log = super->ag_block_log;
	xfs->dir_block_log = super->dir_block_log;
	xfs->ag_blocks = be32_get(super->ag_blocks);
	xfs->ag_count = be32_get(super->ag_count);
	xfs->blocks = be64_get(super->blocks);
	xfs->root_ino = be64_get(super->root_ino);
	xfs->log_start = be64_get(super->log_start);
	xfs->log_blocks = be32_get(super->log_blocks);
	memcpy(xfs->uuid, super->uuid, sizeof(xfs->uuid));
	memcpy(xfs->meta_uuid, super->uuid, sizeof(xfs->meta_uuid));
	if (xfs->v5 && be32_get(super->features_incompat) & XFS_INCOMPAT_META_UUID)
		memcpy(xfs->meta_uuid, super->meta_uuid, sizeof(xfs->meta_uuid));
}

static int take_names(struct xfs *xfs, const struct xfs_disk_super *super, struct arena *arena)
{
	const uint8_t *id = super->uuid;
	struct text label = {super->label, sizeof(super->label)};
	int r;

	label = text_trim(text_first(label, text_find(label, 0)));
	r = arena_text(arena, label, &xfs->fs.label);
	if (r)
		return r;
	return arena_printf(arena, &xfs->fs.uuid,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", id[0],
		id[1], id[2], id[3], id[4], id[5], id[6], id[7], id[8], id[9], id[10], id[11],
		id[12], id[13], id[14], id[15]);
}

void xfs_checksum(
	struct xfs *xfs, const void *bytes, size_t len, size_t at, bool replayed, const char *what)
{
	static const uint8_t zeros[sizeof(struct le32)];
	const uint8_t *byte = bytes;
	struct le32 written;
	uint32_t crc;

	if (!xfs->v5 || xfs->checksum_told || replayed)
		return;
	memcpy(&written, byte + at, sizeof(written));
	crc = crc32c_add(CRC32C_START, byte, at);
	crc = crc32c_add(crc, zeros, sizeof(zeros));
	crc = crc32c_add(crc, byte + at + sizeof(zeros), len - at - sizeof(zeros));
	if (crc32c_end(crc) == le32_get(written))
		return;
	xfs->checksum_told = true;
	report_add(xfs->report, REPORT_NOTE,
		"%.*s XFS: wrong checksum on %s (further ones are not listed)",
		TEXT_ARG(xfs->volume), what);
}

static int check_checksum(struct xfs *xfs)
{
	_free_ uint8_t *sector = malloc(xfs->sector_size);
	int r;

	if (!sector)
		return -ENOMEM;
	r = blockdev_read(&xfs->dev, 0, sector, xfs->sector_size);
	if (r)
		return r;
	xfs_checksum(xfs, sector, xfs->sector_size, offsetof(struct xfs_disk_super, crc),
		xfs_replayed(xfs, 0, xfs->sector_size), "the superblock");
	return 0;
}

int xfs_super_read(struct xfs *xfs, struct arena *arena, struct err *err)
{
	struct xfs_disk_super super;
	int r;

	if (blockdev_read(&xfs->dev, 0, &super, sizeof(super)) ||
		be32_get(super.magic) != XFS_MAGIC)
		return err_set(err, EINVAL, "not XFS");
	r = check_features(xfs, &super, err);
	if (r)
		return r;
	r = check_sizes(&super, err);
	if (r)
		return r;
	r = check_groups(&super, xfs->dev.size, err);
	if (r)
		return r;
	take_features(xfs, &super);
	take_geometry(xfs, &super);
	if (check_checksum(xfs))
		return err_set(err, EIO, "XFS superblock cannot be read");
	if (take_names(xfs, &super, arena))
		return err_set(err, ENOMEM, "no memory for XFS");
	return 0;
}

int xfs_blocks_place(const struct xfs *xfs, uint64_t block, uint64_t count, uint64_t *offset)
{
	uint64_t group = block >> xfs->ag_block_log;
	uint64_t inside = block & (((uint64_t)1 << xfs->ag_block_log) - 1);
	uint64_t first, length;

	if (group >= xfs->ag_count)
		return -EUCLEAN;
	first = group * xfs->ag_blocks;
	length = min_u64(xfs->ag_blocks, xfs->blocks - first);
	if (!range_inside(inside, count, length))
		return -EUCLEAN;
	*offset = (first + inside) << xfs->block_log;
	return 0;
}
