/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/identify.h"
#include "parsers/fs/names.h"
#include "parsers/disk/scan.h"

#include <errno.h>

/* What is named but not read; anything else libblkid knows is told by libblkid's name. */
static const struct unread {
	const char *type, *shown, *problem;
} unread[] = {
	{"swap", "swap: skipped", ""},
	{"swsuspend", "a hibernated system's swap: skipped", ""},
	{"jbd", "an ext journal: no file system of its own", ""},
	{"xfs_external_log", "an XFS log: no file system of its own", ""},
	{"LVM2_member", "LVM physical volume", ""},
	{"linux_raid_member", "member of a RAID (md)", ""},
	{"crypto_LUKS", "LUKS-encrypted: not read", "LUKS-encrypted"},
	{"BitLocker", "BitLocker-encrypted: not read", "BitLocker-encrypted"},
};

/* How those that are not read are written, where libblkid's name differs. */
static const struct title {
	const char *type, *title;
} titles[] = {
	{"DM_integrity", "dm-integrity"},
	{"apfs", "APFS"},
	{"ddf_raid_member", "RAID (DDF)"},
	{"drbd", "DRBD"},
	{"exfat", "exFAT"},
	{"f2fs", "F2FS"},
	{"hfs", "HFS"},
	{"hfsplus", "HFS+"},
	{"isw_raid_member", "RAID (Intel)"},
	{"jfs", "JFS"},
	{"minix", "Minix"},
	{"nilfs2", "NILFS2"},
	{"ntfs", "NTFS"},
	{"reiser4", "Reiser4"},
	{"reiserfs", "ReiserFS"},
	{"stratis", "Stratis"},
	{"udf", "UDF"},
	{"ufs", "UFS"},
	{"vdo", "VDO"},
	{"zfs_member", "ZFS"},
};

static bool ops_has_name(const struct fs_ops *ops, struct text name)
{
	if (text_is(name, ops->name))
		return true;
	for (const char *const *more = ops->more_names; more && *more; more++) {
		if (text_is(name, *more))
			return true;
	}
	return false;
}

static const struct fs_ops *find_ops(struct text name)
{
	for (const struct fs_ops *const *ops = fs_table; *ops; ops++) {
		if (ops_has_name(*ops, name))
			return *ops;
	}
	return NULL;
}

/* A disk with a table is no file system but on hybrid ISOs, which a reader's probe sees. */
static bool is_partitioned(const struct volume *volume)
{
	return !volume->number && volume->partmap.len;
}

static int identify_one(struct volumes *volumes, struct volume *volume)
{
	struct identity identity = {0};
	int err = 0;

	if (!is_partitioned(volume) && !volume->problem.len)
		err = identify(&volume->dev, volumes->arena, &identity);
	if (err == -ENOMEM)
		return err;
	volume->fs_name = identity.type;
	volume->uuid = identity.uuid;
	volume->label = identity.label;
	volume->ambivalent = identity.ambivalent;
	return 0;
}

int scan_identify(struct volumes *volumes, uint32_t first)
{
	int err = 0;

	for (uint32_t i = first; i < volumes->count && !err; i++)
		err = identify_one(volumes, volumes->at[i]);
	return err;
}

static void report_opened(struct report *report, const struct volume *volume)
{
	char uuid[80] = "", label[300] = "";

	if (volume->uuid.len)
		snprintf(uuid, sizeof(uuid), " UUID %.*s", TEXT_ARG(volume->uuid));
	if (volume->label.len)
		snprintf(label, sizeof(label), "%s label \"%.*s\"", volume->uuid.len ? "," : "",
			TEXT_ARG(volume->label));
	report_add(report, REPORT_OK, "%.*s %.*s%s%s", TEXT_ARG(volume->name),
		TEXT_ARG(volume->fs_name), uuid, label);
}

static void take_fs(struct volume *volume, struct fs *fs)
{
	volume->fs = fs;
	volume->fs_name = text_of(fs->name);
	volume->problem = (struct text){0};
	if (fs->uuid.len)
		volume->uuid = fs->uuid;
	if (fs->label.len)
		volume->label = fs->label;
}

/* Opens with one reader; a failure becomes the volume's problem. */
static int open_with(
	const struct fs_ops *ops, const struct fs_source *source, struct volume *volume)
{
	struct err err = {0};
	struct fs *fs;
	int ret = ops->open(source, &fs, &err);

	if (ret == -ENOMEM)
		return ret;
	if (!ret) {
		fs->names = names_new(source->arena); /* without memory it is slower only */
		take_fs(volume, fs);
		return 0;
	}
	return arena_text(source->arena, text_of(err.text), &volume->problem);
}

/*
 * Tries our own readers, where libblkid names nothing or nothing that we read: the first that
 * opens. A type that libblkid named stays when none does.
 */
static int open_by_probe(const struct fs_source *source, struct volume *volume)
{
	bool named = volume->fs_name.len;
	int err = 0;

	for (const struct fs_ops *const *ops = fs_table; *ops && !volume->fs && !err; ops++) {
		if ((*ops)->probe(source->dev) != 1)
			continue;
		if (!named)
			volume->fs_name = text_of((*ops)->name);
		err = open_with(*ops, source, volume);
	}
	if (named && !volume->fs)
		volume->problem = (struct text){0};
	return err;
}

static struct text title_of(struct text type)
{
	for (unsigned i = 0; i < ARRAY_SIZE(titles); i++) {
		if (text_is(type, titles[i].type))
			return text_of(titles[i].title);
	}
	return type;
}

static int report_unread(struct volumes *volumes, struct volume *volume)
{
	struct text name = volume->name, title = title_of(volume->fs_name);

	for (unsigned i = 0; i < ARRAY_SIZE(unread); i++) {
		if (!text_is(volume->fs_name, unread[i].type))
			continue;
		volume->problem = text_of(unread[i].problem);
		report_add(
			volumes->report, REPORT_NOTE, "%.*s %s", TEXT_ARG(name), unread[i].shown);
		return 0;
	}
	report_add(volumes->report, REPORT_NOTE, "%.*s %.*s: not read", TEXT_ARG(name),
		TEXT_ARG(title));
	return arena_printf(
		volumes->arena, &volume->problem, "%.*s, which is not read", TEXT_ARG(title));
}

static int report_unopened(struct volumes *volumes, struct volume *volume)
{
	if (volume->problem.len)
		report_add(volumes->report, REPORT_WARNING, "%.*s%s%.*s: %.*s",
			TEXT_ARG(volume->name), volume->fs_name.len ? " " : "",
			TEXT_ARG(volume->fs_name), TEXT_ARG(volume->problem));
	else if (volume->fs_name.len)
		return report_unread(volumes, volume);
	else if (!is_partitioned(volume) && volume->dev.size)
		report_add(volumes->report, REPORT_NOTE, "%.*s: no known file system",
			TEXT_ARG(volume->name));
	return 0;
}

/*
 * Must not be read as anything else: a file system below encryption, swap, a journal or the
 * signature of a part is older than those are, or only a piece.
 */
static bool is_closed(const struct volume *volume)
{
	for (unsigned i = 0; i < ARRAY_SIZE(unread); i++) {
		if (text_is(volume->fs_name, unread[i].type))
			return true;
	}
	return false;
}

/* Reports that a volume was read as another type than libblkid's. */
static void report_second(struct report *report, const struct volume *volume, struct text type)
{
	/* A DVD's bridge format is meant to be both. */
	bool bridge = text_is(type, "udf") && text_is(volume->fs_name, "iso9660");

	report_add(report, bridge ? REPORT_NOTE : REPORT_WARNING,
		"%.*s: has signs of %.*s, which is not read; read as %.*s", TEXT_ARG(volume->name),
		TEXT_ARG(title_of(type)), TEXT_ARG(volume->fs_name));
}

/* With the reader of the type that libblkid names, else with any that fits. */
static int open_volume(const struct fs_source *source, struct volume *volume)
{
	struct text type = volume->fs_name;
	const struct fs_ops *ops = find_ops(type);
	int err;

	if (ops)
		return open_with(ops, source, volume);
	if (volume->problem.len || is_closed(volume))
		return 0;
	err = open_by_probe(source, volume);
	if (!err && volume->fs && type.len)
		report_second(source->report, volume, type);
	return err;
}

/* Does its LVM or md signature lead to nothing? mkfs leaves some of an earlier use. */
static bool is_leftover(const struct volume *volume)
{
	const struct volume *array = volume->array;

	if (text_is(volume->fs_name, "LVM2_member"))
		return !volume->grouped;
	return text_is(volume->fs_name, "linux_raid_member") &&
	       (!array || (!array->fs_name.len && !array->problem.len && !array->partmap.len));
}

int scan_open_leftover(struct volumes *volumes, struct volume *volume)
{
	const struct fs_source source = {
		.dev = &volume->dev,
		.arena = volumes->arena,
		.report = volumes->report,
		.name = volume->name,
	};
	struct text type = volume->fs_name;
	int err;

	if (volume->fs || !is_leftover(volume))
		return 0;
	err = open_by_probe(&source, volume);
	if (err || !volume->fs)
		return err;
	report_second(volumes->report, volume, type);
	report_opened(volumes->report, volume);
	return 0;
}

int scan_open(struct volumes *volumes, struct volume *volume, const struct blockdev *others,
	size_t n_others)
{
	const struct fs_source source = {
		.dev = &volume->dev,
		.others = others,
		.n_others = n_others,
		.arena = volumes->arena,
		.report = volumes->report,
		.name = volume->name,
	};
	int err = open_volume(&source, volume);

	if (err)
		return err;
	if (volume->ambivalent)
		report_add(volumes->report, REPORT_WARNING,
			"%.*s: signs of several file systems; %s", TEXT_ARG(volume->name),
			volume->fs ? "read as the one that opens" : "none can be read");
	if (!volume->fs)
		return report_unopened(volumes, volume);
	report_opened(volumes->report, volume);
	return 0;
}
