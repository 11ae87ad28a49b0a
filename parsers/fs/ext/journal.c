/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/fs/ext/ext.h"
#include "parsers/fs/ext/jbd2.h"

#include <errno.h>
#include <sys/stat.h>

/* Where the journal's file lies on the device. */
static int map_journal(struct ext *ext, struct extents *ret, struct err *err)
{
	struct node node = {.ino = ext->lib->super->s_journal_inum};
	int failed;

	if (!node.ino)
		return err_set(err, ENOTSUP, "the journal is on another disk");
	failed = ext_read_inode(ext, node.ino);
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

static void report_journal(const struct ext *ext, const struct jbd2 *journal)
{
	if (journal->blocks)
		report_add(ext->report, REPORT_NOTE,
			"%.*s: read as its journal says; blocks not in the file system yet: %u",
			TEXT_ARG(ext->volume), journal->blocks);
	if (journal->cut)
		report_add(ext->report, REPORT_WARNING,
			"%.*s: the journal is damaged after %u whole transactions; what is shown "
			"may be older",
			TEXT_ARG(ext->volume), journal->transactions);
	if (journal->fast_commits)
		report_add(ext->report, REPORT_WARNING,
			"%.*s: the newest changes are fast commits, which are not read; what is "
			"shown may be older",
			TEXT_ARG(ext->volume));
}

int ext_replay(struct ext *ext, struct arena *arena)
{
	_extents_ struct extents log = {0};
	struct jbd2 journal;
	struct err err = {0};
	int failed = map_journal(ext, &log, &err);

	if (!failed)
		failed = jbd2_read(&ext->dev, &log, ext->lib->blocksize, arena, &journal, &err);
	if (failed == -ENOMEM)
		return failed;
	if (failed) {
		report_add(ext->report, REPORT_WARNING, "%.*s: %s; what is shown may be older",
			TEXT_ARG(ext->volume), err.text);
		return 0;
	}
	report_journal(ext, &journal);
	if (!journal.blocks)
		return 0;
	ext->dev = journal.dev;
	return 1;
}
