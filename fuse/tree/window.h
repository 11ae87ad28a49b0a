/* A kernel or an initrd as a window on disks and memory: where its bytes come from. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/menu.h"

/* Everything is borrowed and must stay while somebody reads. */
struct window {
	const struct content *content;
	struct text bytes; /* what PIECE_BYTES points into */
	const int *disks;  /* descriptors; PIECE_DISK was checked to lie inside their number */
	uint32_t n_disks;
	/* Where PIECE_LATER stands at its offset in the content less later_at; -1: none. */
	int later_fd;
	uint64_t later_at; /* bytes */
};

/* A piece and where it begins in the content. A zeroed struct is the first one. */
struct window_place {
	uint32_t piece;
	uint64_t start; /* bytes */
};

/* Moves to the piece that holds `offset`, or past the last one. Cheap when moving forward. */
void window_seek(const struct content *content, struct window_place *place, uint64_t offset);

/*
 * Reads exactly `len` bytes at `offset`; `place` is near it (window_seek). Waits for the disk.
 * -EIO: past the end, or a disk has become shorter or fails.
 */
int window_read(const struct window *window, struct window_place place, uint64_t offset, void *buf,
	size_t len) MUST_CHECK;

/* Bytes of the content that only a second question can give. */
uint64_t content_later_bytes(const struct content *content);
