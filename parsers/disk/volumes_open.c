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
	{"jbd", "an ext journal without its file system: skipped", ""},
	{"xfs_external_log", "an XFS log without its file system: skipped", ""},
	{"LVM2_member", "LVM physical volume", ""},
	{"linux_raid_member", "member of a RAID (md)", ""},
	{"crypto_LUKS", "LUKS-encrypted: not read", "LUKS-encrypted"},
	{"BitLocker", "BitLocker-encrypted: not read", "BitLocker-encrypted"},
};

/* How those that are not read are written, where libblkid's name differs. */
static const struct title {
	const char *type, *title;
} titles[] = {
	{"apfs", "APFS"},
	{"exfat", "exFAT"},
	{"f2fs", "F2FS"},
	{"hfs", "HFS"},
	{"hfsplus", "HFS+"},
	{"jfs", "JFS"},
	{"minix", "Minix"},
	{"nilfs2", "NILFS2"},
	{"ntfs", "NTFS"},
	{"reiser4", "Reiser4"},
	{"reiserfs", "ReiserFS"},
	{"ufs", "UFS"},
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

/* Where libblkid does not know, the readers look themselves: the first that opens. */
static int open_by_probe(const struct fs_source *source, struct volume *volume)
{
	int err = 0;

	for (const struct fs_ops *const *ops = fs_table; *ops && !volume->fs && !err; ops++) {
		if ((*ops)->probe(source->dev) != 1)
			continue;
		volume->fs_name = text_of((*ops)->name);
		err = open_with(*ops, source, volume);
	}
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
	const struct fs_ops *ops = find_ops(volume->fs_name);
	int err = 0;

	if (ops)
		err = open_with(ops, &source, volume);
	else if (!volume->fs_name.len && !volume->problem.len)
		err = open_by_probe(&source, volume);
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
