/* Decoding menu entries and contents, for wire*.c only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/inspection.h"
#include "wire/io.h"

/* What the ranges of an entry's contents must lie in. */
struct wire_bounds {
	const uint64_t *disk_sizes; /* bytes */
	uint32_t n_disks;
	size_t bytes; /* length of the menu's `bytes` */
};

void wire_put_content(struct strbuf *buf, const struct content *content);
void wire_get_content(
	struct wire_in *in, const struct wire_bounds *bounds, struct content *content);

/* The fewest bytes an entry takes on the wire: bounds their count before anything is allocated. */
enum { WIRE_ENTRY_MIN = 80 };

/* Fills `entry`, which bootmenu_add() gave; everything but its place in the tree is checked. */
void wire_get_entry(struct wire_in *in, const struct wire_bounds *bounds, struct menu_entry *entry);
