/* Completing the menu's entries: sizes, where the bytes lie, what the kernel is. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"
#include "inspect/answer/guest.h"

struct contents_seen;

struct contents {
	struct guest *guest;
	struct strbuf bytes;  /* becomes the menu's */
	uint32_t pieces_left; /* of all entries together */
	struct contents_seen *seen[256];
};

void contents_init(struct contents *contents, struct guest *guest);
void contents_done(struct contents *contents);

/*
 * Sets sizes, contents and kernel info of an entry that could boot; what is wrong with its files
 * becomes its error and a warning. -ENOMEM.
 */
int contents_complete(struct contents *contents, struct menu_entry *entry) MUST_CHECK;

/* Where the bytes of one regular file lie. -EINVAL with `why`, -ENOMEM. */
int contents_place_file(struct contents *contents, const struct volume *volume,
	const struct node *file, struct content *ret, struct err *why) MUST_CHECK;

/* Copies [offset, offset + length) of a file, which has it all, to the start of `fd`. */
int contents_write_range(struct contents *contents, const struct volume *volume,
	const struct node *file, uint64_t offset, uint64_t length, int fd,
	struct err *err) MUST_CHECK;

/*
 * Writes the PIECE_LATER parts of a content that contents_complete() made into `fd`, each at its
 * offset in the content. -EIO and the like with err filled.
 */
int contents_write_later(struct contents *contents, const struct menu_entry *entry,
	enum content_slot slot, int fd, struct err *err) MUST_CHECK;
