/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/bytes.h"
#include "parsers/fs/ext/ext.h"
#include "parsers/fs/ext/jbd2.h"

#include <errno.h>
#include <sys/stat.h>

enum { SUPERBLOCK_AT = 1024 };

/* Where the journal's file lies on the volume. */
static int map_journal(struct ext *ext, struct extents *ret, struct err *err)
{
	struct node node = {.ino = ext->lib->super->s_journal_inum};
	int failed = ext_read_inode(ext, node.ino);

	if (!failed && (!S_ISREG(ext->inode->i_mode) || ext_is_inline(ext)))
		failed = -EUCLEAN;
	node.size = failed ? 0 : EXT2_I_SIZE(ext->inode);
	if (!failed)
		failed = ext_map(ext, &node);
	if (failed)
		return err_set(err, -failed, "the journal's file is damaged");
	*ret = ext->map;
	ext->map = (struct extents){0};
	ext->mapped = (struct node){0};
	return 0;
}

/* Is this the journal's own device? It begins with a superblock as a file system does. */
static bool is_journal(const struct blockdev *dev, const uint8_t uuid[16])
{
	struct ext2_super_block super;

	return !blockdev_read(dev, SUPERBLOCK_AT, &super, sizeof(super)) &&
	       le16toh(super.s_magic) == EXT2_SUPER_MAGIC &&
	       (le32toh(super.s_feature_incompat) & EXT3_FEATURE_INCOMPAT_JOURNAL_DEV) &&
	       memcmp(super.s_uuid, uuid, sizeof(super.s_uuid)) == 0;
}

/* The device among the domain's other volumes; the whole of it is the journal. */
static int find_device(struct ext *ext, const struct fs_source *volumes, struct jbd2_source *source,
	struct extents *ret, struct err *err)
{
	uint64_t size;

	for (size_t i = 0; i < volumes->n_others; i++) {
		if (!is_journal(&volumes->others[i], ext->lib->super->s_journal_uuid))
			continue;
		source->dev = &volumes->others[i];
		/* Behind the block that has the superblock which was compared. */
		source->superblock = SUPERBLOCK_AT / source->block_size + 1;
		size = source->dev->size - source->dev->size % source->block_size;
		return extents_add(ret, EXTENT_DISK, 0, 0, size);
	}
	return err_set(err, ENOTSUP,
		"the journal is on another device, which is none of the "
		"domain's disks");
}

static void report_journal(
	const struct ext *ext, const struct jbd2 *journal, const struct ext_fast *fast)
{
	uint32_t changes = fast->n_inodes + fast->n_names + fast->n_ranges;

	if (journal->blocks)
		report_add(ext->report, REPORT_NOTE,
			"%.*s: read as its journal says; blocks not in the file system yet: %u",
			TEXT_ARG(ext->volume), journal->blocks);
	if (journal->cut)
		report_add(ext->report, REPORT_WARNING,
			"%.*s: the journal is damaged after %u whole transactions; what is shown "
			"may be older",
			TEXT_ARG(ext->volume), journal->transactions);
	if (changes)
		report_add(ext->report, REPORT_NOTE,
			"%.*s: read as its fast commits say; changes not in the file system yet: "
			"%u",
			TEXT_ARG(ext->volume), changes);
}

/* A journal that ends early has no fast commits behind it. */
static int read_fast(struct ext *ext, const struct jbd2_source *source, struct jbd2 *journal,
	struct arena *arena, struct err *err)
{
	size_t end = 0;
	int failed = 0;

	if (journal->cut || !journal->fast_area.len)
		return 0;
	failed = ext_fast_read(
		&ext->fast, journal->fast_area, source->block_size, journal->sequence, arena, &end);
	arena_release(arena, (void *)(uintptr_t)journal->fast_area.at);
	if (failed)
		return err_set(err, -failed, "its fast commits use an unknown feature");
	/* The last block of the area has no place behind it: then nothing is watched. */
	if (jbd2_watch_fast(source, journal, end) == -EIO)
		return err_set(err, EIO, "the journal cannot be read");
	return 0;
}

static int read_journal(struct ext *ext, const struct fs_source *volumes, struct arena *arena,
	struct jbd2 *journal, struct err *err)
{
	_extents_ struct extents blocks = {0};
	struct jbd2_source source = {
		.volume = &ext->dev,
		.dev = &ext->dev,
		.blocks = &blocks,
		.block_size = ext->lib->blocksize,
	};
	int failed;

	if (ext->lib->super->s_journal_inum)
		failed = map_journal(ext, &blocks, err);
	else
		failed = find_device(ext, volumes, &source, &blocks, err);
	if (!failed)
		failed = jbd2_read(&source, arena, journal, err);
	if (!failed)
		failed = read_fast(ext, &source, journal, arena, err);
	return failed;
}

int ext_replay(struct ext *ext, const struct fs_source *source)
{
	struct jbd2 journal = {0};
	struct err err = {0};
	int failed = read_journal(ext, source, source->arena, &journal, &err);

	if (failed == -ENOMEM)
		return failed;
	if (failed) {
		report_add(ext->report, REPORT_WARNING, "%.*s: %s; what is shown may be older",
			TEXT_ARG(ext->volume), err.text);
		return 0;
	}
	report_journal(ext, &journal, &ext->fast);
	ext->witnesses[EXT_WITNESS_JOURNAL] = journal.super;
	ext->witnesses[EXT_WITNESS_HEAD] = journal.head;
	ext->witnesses[EXT_WITNESS_FAST] = journal.fast_head;
	if (!journal.blocks)
		return 0;
	ext->dev = journal.dev;
	return 1;
}

int ext_changed(struct fs *fs)
{
	const struct ext *ext = to_ext(fs);
	int r = 0;

	for (unsigned i = 0; i < EXT_WITNESSES && !r; i++)
		r = witness_changed(&ext->witnesses[i]);
	return r;
}
