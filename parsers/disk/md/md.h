/* Linux' software RAID: superblocks of members, and arrays put together of them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "parsers/disk/mapped.h"

enum { MD_MAX_DISKS = 128 };
#define MD_NO_ROLE UINT16_MAX

/* What a member's superblock says (0.90, 1.0, 1.1, 1.2). */
struct md_member {
	uint8_t uuid[16];
	char name[40];       /* "0" of "host:0", the minor number of 0.90 */
	bool version_1;      /* 1.x, not 0.90 */
	int32_t level;       /* 1: mirrors, 0: stripes, 10: both, -1: one behind the other... */
	uint32_t raid_disks; /* of the whole array */
	uint32_t layout;
	uint64_t chunk;      /* bytes */
	uint64_t data, size; /* where the data begins on the member, and its length; bytes */
	uint32_t number;     /* its own in `roles` */
	uint16_t role;       /* place in the array; MD_NO_ROLE: a spare, failed or incomplete */
	uint16_t roles[MD_MAX_DISKS]; /* of all members, as this one last heard of them */
	uint64_t events;              /* how new it is */
	bool reshaping;               /* its form is being changed */
	bool dirty;                   /* not stopped: parity may be out of date */
	bool journal;                 /* newer data may be in a journal on its own disk */
	struct blockdev dev;
};

/* Is there a member's superblock? 1 yes, 0 no, -EIO. */
int md_probe(const struct blockdev *dev, struct md_member *ret) MUST_CHECK;

/* An array that was put together. */
struct md_array {
	struct blockdev dev; /* what it borrows lives in the arena */
	int32_t level;
	bool unsure;  /* a lost block is computed out of parity that may be out of date */
	bool journal; /* the journal is not replayed */
	bool cut;     /* only the part that every layout of RAID0 agrees on */
};

/*
 * The array that these members of one UUID make up. The newest says what form it has and which of
 * the others still belong to it. -ENOTSUP a form that is not read, -ENODEV too many members are
 * missing or out of date, -EUCLEAN; err says which.
 */
int md_assemble(const struct md_member *const *members, uint32_t n, struct arena *arena,
	struct md_array *ret, struct err *err) MUST_CHECK;

/* "RAID1" */
const char *md_level_name(int32_t level);
