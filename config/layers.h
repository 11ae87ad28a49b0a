/* [image PATTERN] sections: what stands behind a disk image, and in which format each file is. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "config/config.h"

/* A section; the first whose pattern matches an image's path counts. */
struct image_section {
	struct image_section *next;
	struct text pattern; /* as fnmatch(3) takes it, slashes matched by slashes */
	struct text format;  /* ours; empty: as the disk line says */
	struct text backing, backing_format; /* empty: none */
	uint32_t line;
};

/* One file of an image. Texts are the configuration's, with a NUL behind them. */
struct disk_layer {
	struct text path;
	const char *format; /* QEMU's name */
};

/*
 * The files of the image at `path`, which its disk line says to be of `format` (empty: raw):
 * itself, what backs it, and so on. Returns their number; 0: a raw disk that no section says more
 * about. -ELOOP: more than MAX_IMAGE_LAYERS.
 */
int config_layers(const struct config *config, struct text path, struct text format,
	struct disk_layer ret[MAX_IMAGE_LAYERS]) MUST_CHECK;

/* Reads one setting of a section; -EINVAL with err for one that is unknown or wrong; -ENOMEM. */
int image_section_set(struct image_section *section, struct arena *arena, struct text name,
	struct text value, struct err *err) MUST_CHECK;
