/* Where the bytes of a file lie, as fields of a message. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/menu.h"
#include "wire/message.h"

/* What the pieces of a content must lie in. */
struct wire_bounds {
	const uint64_t *disk_sizes; /* bytes */
	uint32_t n_disks;
	size_t bytes; /* length of the menu's `bytes` */
};

void wire_put_content(struct strbuf *buf, const struct content *content);

/* Refuses pieces that are empty, lie outside of `bounds`, or do not sum up to the size. */
void wire_get_content(
	struct wire_in *in, const struct wire_bounds *bounds, struct content *content);
