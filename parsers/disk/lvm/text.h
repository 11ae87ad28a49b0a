/* The text of LVM2's metadata, as a tree. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"

/* One of `name { ... }`, `name = "string"`, `name = 5`, `name = [ ... ]`; in a list without name. */
struct lvm_node {
	struct text name;
	enum lvm_kind { LVM_SECTION, LVM_LIST, LVM_STRING, LVM_NUMBER } kind;
	struct text string;                     /* escapes as they stand */
	uint64_t number;                        /* a negative one or one that does not fit: 0 */
	const struct lvm_node *children, *next; /* in the text's order */
};

/*
 * Parses a whole text (lvm2: lib/config/config.c); *ret is a section without a name. Borrows the
 * text. -EINVAL where it is none or nests too deep, -ENOMEM.
 */
int lvm_text_parse(struct text text, struct arena *arena, const struct lvm_node **ret) MUST_CHECK;

/* The child of that name and kind; NULL: none. `parent` may be NULL. */
const struct lvm_node *lvm_child(
	const struct lvm_node *parent, const char *name, enum lvm_kind kind);

/* The child's value; empty, 0 and false where there is none. */
struct text lvm_string(const struct lvm_node *parent, const char *name);
uint64_t lvm_number(const struct lvm_node *parent, const char *name);

/* Does the list `name` hold this string? */
bool lvm_list_has(const struct lvm_node *parent, const char *name, const char *string);
