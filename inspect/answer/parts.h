/* What one content of an entry is made of: files, parts of files, padding, cpio headers. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"
#include "inspect/answer/guest.h"

enum part_kind { PART_FILE, PART_BYTES, PART_ZERO };

struct part {
	enum part_kind kind;
	uint64_t at;                 /* bytes: in the file, or in the menu's `bytes` */
	uint64_t length;             /* bytes, never 0 */
	const struct volume *volume; /* PART_FILE */
	struct node node;            /* PART_FILE */
};

/* In order, without gaps; every initrd may have padding and headers in front of it. */
struct parts {
	struct part at[3 * MAX_INITRDS + 2];
	uint32_t count;
	uint64_t size; /* bytes: the sum of the lengths */
};

/*
 * The parts of one content. Sets the sizes of the entry's files. Headers are appended to `bytes`.
 * 0, with *count 0 where the entry has no such content; -EINVAL: `why` says what is wrong with a
 * file ("kernel too big: 8.0 TiB, limit 256.0 MiB (max-kernel)"); -ENOMEM.
 */
int parts_of(struct guest *guest, const struct menu_entry *entry, enum content_slot slot,
	struct strbuf *bytes, struct parts *ret, struct err *why) MUST_CHECK;

/* "kernel", "initrd", "device tree", "hypervisor" */
const char *slot_name(enum content_slot slot);
