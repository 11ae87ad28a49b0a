/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/checked.h"
#include "parsers/fs/ext/ext.h"

#include <errno.h>

enum { SUPERBLOCK_AT = 1024, RO_COMPAT_BTREE_DIR = 4 /* never used, but known to ext3 */ };

void ext_warn_checksum(const struct ext *ext)
{
	report_add(ext->report, REPORT_WARNING,
		"%.*s: a checksum is wrong, as on a running guest's disk; read as it lies",
		TEXT_ARG(ext->volume));
}

/* What of the superblock is looked at without the library (fs/ext4/ext4.h). */
static int read_superblock(const struct blockdev *dev, struct ext2_super_block *ret)
{
	int err = blockdev_read(dev, SUPERBLOCK_AT, ret, sizeof(*ret));

	if (err)
		return err;
	return le16toh(ret->s_magic) == EXT2_SUPER_MAGIC ? 0 : -EINVAL;
}

int ext_probe(const struct blockdev *dev)
{
	struct ext2_super_block super;
	int err = read_superblock(dev, &super);

	if (err == -EIO)
		return err;
	return !err && !(le32toh(super.s_feature_incompat) & EXT3_FEATURE_INCOMPAT_JOURNAL_DEV);
}

/* Which of the three names libblkid gives it. */
static const char *ext_name(struct ext2_super_block *super)
{
	const uint32_t ext3_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE |
				       EXT3_FEATURE_INCOMPAT_RECOVER |
				       EXT2_FEATURE_INCOMPAT_META_BG;
	const uint32_t ext3_ro = EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER |
				 EXT2_FEATURE_RO_COMPAT_LARGE_FILE | RO_COMPAT_BTREE_DIR;

	if ((super->s_feature_incompat & ~ext3_incompat) || (super->s_feature_ro_compat & ~ext3_ro))
		return "ext4";
	return ext2fs_has_feature_journal(super) ? "ext3" : "ext2";
}

static int describe(struct ext *ext, struct arena *arena)
{
	const struct ext2_super_block *super = ext->lib->super;
	const uint8_t *u = super->s_uuid;
	struct text label = {(const char *)super->s_volume_name, EXT2_LABEL_LEN};

	ext->fs.name = ext_name(ext->lib->super);
	label = text_first(label, text_find(label, '\0'));
	if (arena_text(arena, label, &ext->fs.label))
		return -ENOMEM;
	return arena_printf(arena, &ext->fs.uuid,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
		u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
		u[15]);
}

static errcode_t open_library(struct ext *ext, bool *wrong_checksum)
{
	/* Neither group descriptors nor bitmaps are read ahead: an inode's own group is enough. */
	const int flags = EXT2_FLAG_64BITS | EXT2_FLAG_SUPER_ONLY | EXT2_FLAG_SKIP_MMP;
	struct ext_io_name name = ext_io_name(&ext->dev);
	io_manager manager = (io_manager)(uintptr_t)&ext_io_manager;
	errcode_t error = ext2fs_open(name.text, flags, 0, 0, manager, &ext->lib);

	*wrong_checksum = error == EXT2_ET_SB_CSUM_INVALID;
	if (!*wrong_checksum)
		return error;
	return ext2fs_open(
		name.text, flags | EXT2_FLAG_IGNORE_CSUM_ERRORS, 0, 0, manager, &ext->lib);
}

static void warn_cut(const struct ext *ext)
{
	uint64_t size;

	if (!checked_mul(
		    (uint64_t)ext2fs_blocks_count(ext->lib->super), ext->lib->blocksize, &size) ||
		size > ext->dev.size)
		report_add(ext->report, REPORT_WARNING,
			"%.*s: the file system is larger than its volume: is the disk cut off?",
			TEXT_ARG(ext->volume));
}

/* Says what keeps the library from opening it, before it does so less well. */
static int check_features(const struct blockdev *dev, struct err *err)
{
	struct ext2_super_block super;
	uint32_t unknown;
	int ret = read_superblock(dev, &super);

	if (ret)
		return err_set(err, -ret, "no ext superblock");
	/* The header knows multi-mount protection only while the library itself is built. */
	unknown = le32toh(super.s_feature_incompat) &
		  ~(uint32_t)(EXT2_LIB_FEATURE_INCOMPAT_SUPP | EXT4_FEATURE_INCOMPAT_MMP);
	if (unknown)
		return err_set(
			err, ENOTSUP, "ext4 uses unknown incompatible feature 0x%x", unknown);
	if (le32toh(super.s_feature_incompat) & EXT3_FEATURE_INCOMPAT_JOURNAL_DEV)
		return err_set(err, EINVAL, "an ext4 journal, not a file system");
	return 0;
}

void ext_close(struct fs *fs)
{
	struct ext *ext = to_ext(fs);

	extents_done(&ext->map);
	if (ext->lib)
		ext2fs_free(ext->lib);
}

static int open_failed(errcode_t error, struct err *err)
{
	initialize_ext2_error_table();
	return err_set(err, -ext_errno(error), "ext4 cannot be opened: %s", error_message(error));
}

/* Opens the file system as its journal says it is; the superblock may be in the journal, too. */
static int open_replayed(
	struct ext *ext, const struct fs_source *source, bool *wrong_checksum, struct err *err)
{
	int changed;
	errcode_t error;

	if (!(ext->lib->super->s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER))
		return 0;
	changed = ext_replay(ext, source);
	if (changed < 0)
		return err_set(err, ENOMEM, "out of memory");
	if (!changed)
		return 0;
	ext2fs_free(ext->lib);
	ext->lib = NULL;
	error = open_library(ext, wrong_checksum);
	return error ? open_failed(error, err) : 0;
}

/* The fields that need the superblock. */
static int prepare(struct ext *ext, struct arena *arena, struct err *err)
{
	ext->inode_size = (uint32_t)EXT2_INODE_SIZE(ext->lib->super);
	ext->inode = arena_alloc(arena,
		ext->inode_size > sizeof(*ext->inode) ? ext->inode_size : sizeof(*ext->inode));
	if (!ext->inode)
		return err_set(err, ENOMEM, "out of memory");
	return 0;
}

int ext_open(const struct fs_source *source, struct fs **ret, struct err *err)
{
	struct ext *ext = arena_new(source->arena, struct ext);
	bool wrong_checksum;
	errcode_t error;
	int failed = check_features(source->dev, err);

	if (failed)
		return failed;
	if (!ext)
		return err_set(err, ENOMEM, "out of memory");
	*ext = (struct ext){
		.fs.ops = &ext_ops,
		.dev = *source->dev,
		.arena = source->arena,
		.report = source->report,
		.volume = source->name,
	};
	if (witness_take(&ext->witnesses[EXT_WITNESS_SUPER], source->dev, SUPERBLOCK_AT,
		    sizeof(struct ext2_super_block)))
		return err_set(err, EIO, "the superblock cannot be read");
	error = open_library(ext, &wrong_checksum);
	if (error)
		return open_failed(error, err);
	warn_cut(ext);
	failed = prepare(ext, source->arena, err);
	if (!failed)
		failed = open_replayed(ext, source, &wrong_checksum, err);
	if (!failed && describe(ext, source->arena))
		failed = err_set(err, ENOMEM, "out of memory");
	if (failed) {
		ext_close(&ext->fs);
		return failed;
	}
	if (wrong_checksum)
		ext_warn_checksum(ext);
	*ret = &ext->fs;
	return 0;
}
