/* The guest's disks and everything found on them: partitions, volumes, file systems. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/limits.h"
#include "parsers/fs/fs.h"

/* One disk of the question, in the domain's order: the first is hd0. */
struct disk {
	struct blockdev dev;
	uint32_t partition; /* 0: a whole disk; N: this image is partition N of that disk (hda1) */
	uint64_t offset;    /* bytes; not 0: the file system starts here, no table is looked for */
	uint64_t device;    /* st_dev/st_rdev for the report: makedev() numbers; 0: a file */
	struct text path;   /* as the administrator wrote it, for the report */
	/*
	 * "xvda", "hda1"; empty: not known. Disks that are partitions and share their letters (hda1,
	 * hda2) are partitions of one hdN; GRUB's "xen/xvda,1" finds them by this.
	 */
	struct text vdev;
};

/* A disk, a partition, a logical volume, a loopback file: whatever GRUB gives a name. */
struct volume {
	struct text name;      /* GRUB's canonical name: "hd0", "hd0,msdos1", "lvm/vg-root" */
	struct text disk_name; /* "hd0"; empty for those that lie on no single disk */
	struct text fs_name;   /* libblkid's type: "ext4", "swap", "crypto_LUKS"; empty: unknown */
	struct text id_name;   /* another name: "mduuid/...", "lvmid/.../..."; empty: none */
	struct text uuid, label, partmap, part_uuid; /* partmap "msdos", "gpt" or empty */
	struct text part_label, part_type; /* of a GPT: the partition's name, its type's UUID */
	uint64_t part_attributes;          /* of a GPT */
	struct text disk_uuid;             /* of a GPT, on the volume that is the whole disk */
	uint32_t number;                   /* partition number from 1; 0 for others */
	bool active;                       /* MBR's boot flag, GPT's legacy-bootable attribute */
	bool ambivalent;                   /* libblkid found signs of several kinds */
	bool esp; /* an EFI system partition (GPT type, MBR type ef) or XBOOTLDR */
	struct blockdev dev;
	struct fs *fs;       /* opened; NULL: cannot be read, or nothing there */
	struct text problem; /* why fs is NULL although something was seen: "LUKS-encrypted" */
	struct loop *loop;   /* a loopback file's own; NULL for others */
	const struct volume *array; /* the md array that it is a member of; NULL: none */
	bool grouped;               /* a physical volume of an LVM group that was found */
};

struct volumes {
	struct arena *arena;
	struct report *report;
	struct volume *at[MAX_VOLUMES];
	uint32_t count;
	struct volume_disk {
		struct text name;      /* "hd0" */
		const char *table;     /* "MBR", "GPT", "" */
		const struct disk *of; /* borrowed from the caller of volumes_scan() */
	} disks[MAX_DISKS];            /* as in the question */
	uint32_t n_disks;
	/* Loopback files taken away again: their readers may still be in use below others. */
	struct volume *removed[MAX_VOLUMES];
	uint32_t n_removed;
};

/*
 * Finds everything on `disks` and opens what can be opened, in GRUB's order of search: each disk
 * in turn, its partitions behind it (the last one first, as GRUB does), then what spans disks. Adds the `log` lines about disks and
 * volumes. Never fails for what stands on the disks; -ENOMEM, -EIO of a disk that cannot be read
 * at all (err names it) only where no disk gives anything; then nothing is left to be closed.
 */
int volumes_scan(struct volumes *volumes, struct arena *arena, struct report *report,
	const struct disk *disks, uint32_t n_disks, struct err *err) MUST_CHECK;

/*
 * The volumes in the order in which a boot configuration is looked for: each disk's own file
 * system, its active partitions, the others by number, then what spans disks. Fills ret[0 ...
 * volumes->count - 1].
 */
void volumes_boot_order(const struct volumes *volumes, struct volume *ret[MAX_VOLUMES]);

/* Closes every reader. */
void volumes_done(struct volumes *volumes);

/*
 * By GRUB's name without parentheses, in every spelling: "hd0,1", "hd0,msdos1", "hd0,gpt1",
 * "xen/xvda,msdos1", "lvm/vg-lv", "lvmid/...", "ahci0,msdos1" is not known. NULL: none.
 */
struct volume *volumes_find(const struct volumes *volumes, struct text name);

/*
 * GRUB's `loopback NAME FILE`: a new volume, whole-disk or partitioned, over a file of a guest;
 * takes the place of an older loopback of that name. -EEXIST (the name of a disk), -ENODEV (`on`
 * has no file system), -EISDIR, -EINVAL (no regular file), -ENOSPC (MAX_VOLUMES), -ENOMEM, the
 * errors of fs_walk().
 */
int volumes_loopback(struct volumes *volumes, struct text name, struct volume *on, struct text path,
	struct err *err) MUST_CHECK;

/*
 * An image in memory (borrowed) as a volume: the memdisk of an installed GRUB. Takes the place of
 * an older one of that name. -ENOSPC, -ENOMEM, -EIO.
 */
int volumes_memdisk(struct volumes *volumes, struct text name, struct text image) MUST_CHECK;

/* `loopback -d NAME`. -ENODEV. */
int volumes_loopback_remove(struct volumes *volumes, struct text name) MUST_CHECK;
