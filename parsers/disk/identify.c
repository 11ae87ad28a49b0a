/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/identify.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <string.h>

/* What libblkid does not know or cannot see: what has a reader probes itself. */
static const struct signature {
	const char *type, *magic;
	size_t len;
	uint64_t at; /* bytes from the start */
} signatures[] = {
#define SIGNATURE(type, magic, at)                 \
	{                                          \
		type, magic, sizeof(magic) - 1, at \
	}
	SIGNATURE("crypto_LUKS", "LUKS\xba\xbe", 0),
	SIGNATURE("LVM2_member", "LABELONE", 512),
	SIGNATURE("LVM2_member", "LABELONE", 0),
	SIGNATURE("LVM2_member", "LABELONE", 1024),
	SIGNATURE("LVM2_member", "LABELONE", 1536),
	SIGNATURE("swap", "SWAPSPACE2", 4096 - 10),
	SIGNATURE("swsuspend", "S1SUSPEND", 4096 - 10),
	SIGNATURE("reiserfs", "ReIsErFs", 65536 + 52),
	SIGNATURE("reiserfs", "ReIsEr2Fs", 65536 + 52),
	SIGNATURE("reiserfs", "ReIsEr3Fs", 65536 + 52),
	SIGNATURE("reiser4", "ReIsEr4", 65536),
	SIGNATURE("jfs", "JFS1", 32768),
	SIGNATURE("ntfs", "NTFS    ", 3),
	SIGNATURE("exfat", "EXFAT   ", 3),
	SIGNATURE("BitLocker", "-FVE-FS-", 3),
	SIGNATURE("f2fs", "\x10\x20\xf5\xf2", 1024),
	SIGNATURE("hfsplus", "H+\0\4", 1024),
	SIGNATURE("hfsplus", "HX\0\5", 1024),
	SIGNATURE("apfs", "NXSB", 32),
	SIGNATURE("ufs", "\x54\x19\1\0", 8192 + 1372),
	SIGNATURE("ufs", "\x19\1\x54\x19", 8192 + 1372),
	SIGNATURE("ufs", "\x19\1\x54\x19", 65536 + 1372),
	/* The first name of the label's list. */
	SIGNATURE("zfs_member", "\0\0\0\7version\0", 16384 + 20),
	SIGNATURE("bcache", "\xc6\x85\x73\xf6\x4e\x1a\x45\xca", 4096 + 24),
	SIGNATURE("bcachefs", "\xc6\x85\x73\xf6\x66\xce\x90\xa9", 4096 + 24),
#undef SIGNATURE
};

static int identify_by_signature(
	const struct blockdev *dev, struct arena *arena, struct identity *ret)
{
	char bytes[16];

	for (unsigned i = 0; i < ARRAY_SIZE(signatures); i++) {
		const struct signature *signature = &signatures[i];

		if (blockdev_read(dev, signature->at, bytes, signature->len))
			continue;
		if (!memcmp(bytes, signature->magic, signature->len))
			return arena_text(arena, text_of(signature->type), &ret->type);
	}
	return 0;
}

static int take_value(blkid_probe probe, const char *name, struct arena *arena, struct text *ret)
{
	const char *value;

	if (blkid_probe_lookup_value(probe, name, &value, NULL))
		return 0;
	return arena_text(arena, text_of(value), ret);
}

static int take_values(blkid_probe probe, struct arena *arena, struct identity *ret)
{
	if (take_value(probe, "TYPE", arena, &ret->type) ||
		take_value(probe, "UUID", arena, &ret->uuid) ||
		take_value(probe, "LABEL", arena, &ret->label))
		return -ENOMEM;
	return 0;
}

static void probe_done(blkid_probe *probe)
{
	blkid_free_probe(*probe);
}

/*
 * Looked for only where nothing else was found. ZFS and an XFS log read a megabyte, and the
 * controllers' formats dozens of places at the volume's end: more than all the rest together.
 */
static const char *const late_types[] = {
	"zfs_member",
	"xfs_external_log",
	"adaptec_raid_member",
	"ddf_raid_member",
	"drbd",
	"hpt37x_raid_member",
	"hpt45x_raid_member",
	"isw_raid_member",
	"jmicron_raid_member",
	"lsi_mega_raid_member",
	"nvidia_raid_member",
	"promise_fasttrack_raid_member",
	"silicon_medley_raid_member",
	"via_raid_member",
};

/* A ZFS member has at least 64 MiB: a boot loader's little partition is not searched for one. */
enum { LATE_SIZE = 64 << 20 };

static void set_filter(blkid_probe probe, bool late)
{
	char *names[ARRAY_SIZE(late_types) + 1] = {0};

	/* The library's type is not const; it only compares the names. */
	for (unsigned i = 0; i < ARRAY_SIZE(late_types); i++)
		names[i] = (char *)(uintptr_t)late_types[i];
	blkid_probe_filter_superblocks_type(
		probe, late ? BLKID_FLTR_ONLYIN : BLKID_FLTR_NOTIN, names);
}

static int probe_once(
	const struct blockdev *dev, bool late, struct arena *arena, struct identity *ret)
{
	blkid_probe probe CLEANUP(probe_done) = blkid_new_probe();

	if (!probe)
		return -ENOMEM;
	if (blkid_probe_set_device(
		    probe, dev->fd, (blkid_loff_t)dev->start, (blkid_loff_t)dev->size))
		return -EIO;
	blkid_probe_set_sectorsize(probe, dev->sector_size);
	blkid_probe_set_superblocks_flags(
		probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID | BLKID_SUBLKS_LABEL);
	set_filter(probe, late);
	switch (blkid_do_safeprobe(probe)) {
	case 0:
		return take_values(probe, arena, ret);
	case -2:
		ret->ambivalent = true;
		return 0;
	case 1:
		return 0;
	default:
		return -EIO;
	}
}

static int identify_by_libblkid(
	const struct blockdev *dev, struct arena *arena, struct identity *ret)
{
	int err = probe_once(dev, false, arena, ret);

	if (!err && !ret->type.len && !ret->ambivalent && dev->size >= LATE_SIZE)
		err = probe_once(dev, true, arena, ret);
	return err;
}

int identify(const struct blockdev *dev, struct arena *arena, struct identity *ret)
{
	int err = 0;

	*ret = (struct identity){0};
	/* A size of 0 would mean "the rest of the descriptor" to libblkid. */
	if (dev->fd >= 0 && dev->size)
		err = identify_by_libblkid(dev, arena, ret);
	if (err || ret->type.len || ret->ambivalent)
		return err;
	return identify_by_signature(dev, arena, ret);
}
