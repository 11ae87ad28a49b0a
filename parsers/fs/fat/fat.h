/* FAT12, FAT16 and FAT32 from the inside: shared by the files of this reader only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/bytes.h"
#include "parsers/fs/fs.h"
#include "parsers/disk/readcache.h"

/*
 * Source of the format: Microsoft's "FAT: General Overview of On-Disk Format" 1.03 and the long
 * name paper that goes with it.
 */

enum {
	FAT_FIRST_CLUSTER = 2,
	FAT_ENTRY_BYTES = 32,
	FAT_MAX_ENTRIES = 1 << 19, /* of one folder; the format's own limit is 1 << 16 */
	FAT_LONG_PIECES = 20,
	FAT_LONG_UNITS = 13,
	FAT_NAME_ROOM = FAT_LONG_PIECES * FAT_LONG_UNITS * 3,
};

/* Clusters that lie one behind the other on the disk. */
struct fat_run {
	uint64_t at;     /* bytes from the volume's start */
	uint64_t length; /* bytes */
};

struct fat {
	struct fs fs;
	struct blockdev dev;
	uint32_t bits;         /* of a table entry: 12, 16 or 32 */
	uint32_t cluster_size; /* bytes */
	uint32_t clusters;     /* data clusters: numbers 2 to clusters + 1 are good */
	uint64_t table;        /* the table in use, bytes from the volume's start */
	uint64_t root;         /* FAT12 and FAT16: the root folder, bytes from the volume's start */
	uint32_t root_entries; /* FAT12 and FAT16 */
	uint32_t root_cluster; /* FAT32; 0 for the others */
	uint64_t data;         /* cluster 2, bytes from the volume's start */
	unsigned char serial[4];
	struct readcache table_cache, folder_cache;
	/* Where the last read of a file ended: reading on does not follow the chain again. */
	struct {
		uint32_t first, index, cluster;
	} cursor;
};

extern const struct fs_ops fat_ops;

/* fat_layout.c: the boot sector */

int fat_probe(const struct blockdev *dev) MUST_CHECK;

/* Fills everything but the caches and `fs`. The errors of fs_ops.open. */
int fat_take_layout(struct fat *fat, const struct fs_source *source, struct err *err) MUST_CHECK;

/* fat_chain.c: cluster chains */

/* Is it the number of a cluster that the volume has? */
bool fat_is_cluster(const struct fat *fat, uint32_t cluster);

/* The cluster's place in bytes from the volume's start. */
uint64_t fat_cluster_at(const struct fat *fat, uint32_t cluster);

/* The cluster behind `cluster` in its chain, 0 at the chain's end. -EUCLEAN, -EIO. */
int fat_next(struct fat *fat, uint32_t cluster, uint32_t *next) MUST_CHECK;

/*
 * The run of a file that begins at cluster number `index` (from 0) of the chain that begins with
 * `first`; at most `max` bytes, rounded up to clusters. -EUCLEAN where the chain is too short.
 */
int fat_run_at(struct fat *fat, uint32_t first, uint32_t index, uint64_t max,
	struct fat_run *ret) MUST_CHECK;

/* fat_folder.c: folders and names */

/* One directory entry with its names. */
struct fat_entry {
	uint64_t at; /* of the short entry: bytes from the volume's start */
	unsigned char attributes;
	uint32_t first_cluster, size;
	uint16_t date, time;    /* of the last writing, as FAT packs them */
	struct text short_name; /* as Windows NT shows it, in UTF-8; label: the raw 11 bytes */
	struct text name;       /* the long one, where there is none the short one */
	char short_bytes[40], long_bytes[FAT_NAME_ROOM];
};

/* Seconds since 1970; FAT knows no time zones, so that it is taken as UTC. */
int64_t fat_entry_time(const struct fat_entry *entry);

enum {
	FAT_READ_ONLY = 0x01,
	FAT_LABEL = 0x08,
	FAT_FOLDER = 0x10,
};

/* A visitor of entries; non-zero stops with that value. */
typedef int fat_visit(void *context, const struct fat_entry *entry);

/*
 * Every entry of the folder that begins at `cluster` (0: the fixed root of FAT12 and FAT16), the
 * volume's label among them, but not "." and ".." and no deleted ones. -EUCLEAN, -EIO.
 */
int fat_each(struct fat *fat, uint32_t cluster, fat_visit *visit, void *context) MUST_CHECK;
