/* The entries of a boot menu as a menu on a terminal shows them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/err.h"

/* No item: the top of the menu, or nothing. */
#define NO_ITEM UINT32_MAX

struct console_item {
	struct text title;   /* escaped for a terminal */
	struct text details; /* the kernel and its command line, escaped; empty: none */
	struct text fault;   /* why it cannot boot, escaped; empty: it can */
	struct text cmdline; /* as it is */
	uint64_t index;      /* of an entry in the flattened list */
	uint32_t parent;     /* the heading it stands below; NO_ITEM: at the top */
	bool submenu;        /* a heading */
	bool restricted;     /* needs a password */
};

/* In the menu's order. Texts live in the arena they were made in. */
struct console_items {
	struct console_item *at;
	uint32_t count;
	uint32_t default_item; /* NO_ITEM: nothing boots by default */
	bool protected;        /* something needs a password */
	bool edit_restricted;  /* editing a command line needs a password */
	bool asks_name;        /* a login needs a user's name too */
	struct text subject;   /* escaped: whose menu it is */
	bool hidden;           /* not to be shown before a key is pressed */
};

/*
 * Makes them of a menu.json of the tree (bootfs-tree(7)). -EPROTO with err where it is none,
 * -ENOMEM.
 */
int console_items_read(struct text json, struct arena *arena, struct console_items *ret,
	struct err *err) MUST_CHECK;

/* How deep below the top an item stands; 0: at the top. */
uint32_t console_item_depth(const struct console_items *items, uint32_t item);

/* The item below `parent` that is or leads to `item`; NO_ITEM: it is not below it. */
uint32_t console_towards(const struct console_items *items, uint32_t parent, uint32_t item);

/* The first item below a heading, the one after or before `item` in its own list. Or NO_ITEM. */
uint32_t console_first_below(const struct console_items *items, uint32_t parent);
uint32_t console_next(const struct console_items *items, uint32_t item);
uint32_t console_previous(const struct console_items *items, uint32_t item);
