/* The steps of volumes_scan() and volumes_loopback(), for the files that share them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/disk/partitions.h"
#include "parsers/disk/volumes.h"

/* A new volume named `name`, not yet in the list; NULL: out of memory. */
struct volume *scan_new_volume(
	struct volumes *volumes, struct text name, const struct blockdev *dev) MUST_CHECK;

/* Appends a volume. -ENOSPC when there are MAX_VOLUMES, told in the report. */
int scan_add(struct volumes *volumes, struct volume *volume) MUST_CHECK;

/*
 * Adds the volume of a whole disk (or loopback file) and those of its partitions, in GRUB's
 * order; `table` is what partitions_read() said, NULL: look for none.
 */
int scan_add_disk(struct volumes *volumes, struct text name, const struct blockdev *dev,
	const struct partition_table *table, struct loop *loop) MUST_CHECK;

/* Tells of what is odd about a table. */
void scan_report_table(
	struct report *report, struct text name, const struct partition_table *table);

/* Finds out what lies on the volumes from `first` on: fs_name, uuid, label. -ENOMEM. */
int scan_identify(struct volumes *volumes, uint32_t first) MUST_CHECK;

/* Adds the md arrays that the volumes are members of. -ENOMEM; all else is told in the report. */
int scan_md(struct volumes *volumes) MUST_CHECK;

/* Adds the logical volumes of all physical ones. -ENOMEM; all else is told in the report. */
int scan_lvm(struct volumes *volumes) MUST_CHECK;

/* Warns of volumes that were cloned: GRUB takes the first of one UUID that it finds. */
void scan_report_twins(struct volumes *volumes);

/*
 * Opens the file system of an identified volume where there is one we read, and adds its line to the report.
 * `others` as in struct fs_source. -ENOMEM; everything else ends in volume->problem.
 */
int scan_open(struct volumes *volumes, struct volume *volume, const struct blockdev *others,
	size_t n_others) MUST_CHECK;

/*
 * Once all are opened: a file system beside the signature of an LVM or md part that leads to
 * nothing. -ENOMEM.
 */
int scan_open_leftover(struct volumes *volumes, struct volume *volume) MUST_CHECK;
