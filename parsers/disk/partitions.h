/* Partition tables: MBR with logical partitions, GPT, and the labels of other machines. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/limits.h"
#include "core/text.h"
#include "parsers/disk/blockdev.h"

enum { GPT_NAME_UNITS = 36 }; /* UTF-16 units of a partition's name */

enum table_kind {
	TABLE_NONE,
	TABLE_MBR,
	TABLE_GPT,
	TABLE_SUN,   /* of SPARC machines */
	TABLE_SUNPC, /* Solaris' on PCs, inside a partition */
	TABLE_BSD,
	TABLE_APPLE,
	TABLE_DVH, /* SGI's */
};

struct partition {
	uint32_t number;      /* from 1, as Linux and GRUB count; logical ones from 5 */
	uint64_t start, size; /* bytes, inside the disk */
	bool active;          /* MBR's boot flag, GPT's legacy-bootable attribute */
	bool esp;             /* EFI system partition or XBOOTLDR */
	bool holder;          /* MBR: of a type that may hold a table of its own (Solaris, BSD) */
	char uuid[37];        /* as Linux's PARTUUID */
	/* GPT only: the type's UUID, the attributes' bits, the name as UTF-8 */
	char type[37];
	uint64_t attributes;
	char label[3 * GPT_NAME_UNITS + 1];
};

/* What a person should know about a table. */
enum table_oddity {
	TABLE_CUT = 1 << 0,        /* a partition reaches past the disk's end, or begins there */
	TABLE_MANY = 1 << 1,       /* more than MAX_PARTITIONS: the rest is ignored */
	TABLE_BROKEN = 1 << 2,     /* a chain or an entry that makes no sense: ignored from there */
	TABLE_BACKUP = 1 << 3,     /* GPT: the primary header is damaged, the backup was used */
	TABLE_CHECKSUM = 1 << 4,   /* GPT: wrong checksums, read nevertheless, as GRUB does */
	TABLE_UNREADABLE = 1 << 5, /* a part of it could not be read from the disk */
};

struct partition_table {
	enum table_kind kind;
	uint32_t sector_size; /* bytes, what the table counts in */
	unsigned oddities;    /* enum table_oddity */
	char disk_uuid[37];   /* GPT only: the disk's own UUID */
	uint32_t count;
	struct partition at[MAX_PARTITIONS]; /* in the table's order */
};

/*
 * Reads over a blockdev, so that files in guests, network disks and memory have tables as well;
 * where GRUB and Linux agree on what a table is, so do we. -EIO
 * where the disk's first sector cannot be read; everything else is a table or none.
 */
int partitions_read(const struct blockdev *dev, struct partition_table *ret) MUST_CHECK;

/* The table of Solaris or a BSD in a partition that is a holder. -EIO. */
int partitions_read_inside(const struct blockdev *dev, struct partition_table *ret) MUST_CHECK;

/* "MBR", "GPT", "" and GRUB's "msdos", "gpt", "". */
const char *table_name(enum table_kind kind);
const char *table_partmap(enum table_kind kind);

/* For the parts of the reader: adds a partition whose place is checked here. False: no room. */
bool table_add(struct partition_table *table, const struct blockdev *dev,
	const struct partition *partition);

/* The GPT behind a protective MBR; leaves the table alone where there is none. */
void gpt_read(const struct blockdev *dev, struct partition_table *table);

/* The label of another machine on a whole disk. False: there is none. */
bool labels_read(const struct blockdev *dev, struct partition_table *ret);
