/* Decoding one menu entry, for wire_get.c only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "inspect/inspection.h"
#include "inspect/wire_io.h"

/* What the ranges of an entry's contents must lie in. */
struct wire_bounds {
	const uint64_t *disk_sizes; /* bytes */
	uint32_t n_disks;
	size_t bytes; /* length of the menu's `bytes` */
};

/* The fewest bytes an entry takes on the wire: bounds their count before anything is allocated. */
enum { WIRE_ENTRY_MIN = 80 };

/* Fills `entry`, which bootmenu_add() gave; everything but its place in the tree is checked. */
void wire_get_entry(struct wire_in *in, const struct wire_bounds *bounds, struct menu_entry *entry);
