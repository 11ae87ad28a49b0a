/* What inode numbers belong to: folders, snapshots, contents, volumes, by serial number. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum owner_kind { OWNER_FOLDER, OWNER_SNAPSHOT, OWNER_CONTENT, OWNER_VOLUME };

/* Part of what it numbers. */
struct owner {
	struct owner *next;
	uint32_t serial; /* from 1; never given twice while the kernel may know it */
	enum owner_kind kind;
	uint64_t
		lookups; /* how often the kernel was told of any of its inodes, and did not forget */
};

enum { OWNER_BUCKETS = 1024 };

struct owners {
	struct owner *buckets[OWNER_BUCKETS];
	uint32_t last; /* serial given last */
	uint32_t count;
};

/* Gives it a serial number of its own. */
void owner_add(struct owners *owners, struct owner *owner, enum owner_kind kind);
void owner_remove(struct owners *owners, struct owner *owner);

/* NULL: there is none (any more). */
struct owner *owner_find(const struct owners *owners, uint32_t serial);

/* The kernel forgot `count` times; true: it knows none of the inodes any more. */
bool owner_forget(struct owner *owner, uint64_t count);
