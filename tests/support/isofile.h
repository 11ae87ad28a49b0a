/* An ISO 9660 volume by hand, in memory, for tests of what no program would write. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/fs/iso9660/iso9660.h"

#include <stdarg.h>

/* Sectors of 2048 bytes: 16 and on descriptors, 20 the root folder, 40 and on free for tests. */
enum { ISOFILE_SECTORS = 64, ISOFILE_ROOT = 20, ISOFILE_SIZE = ISOFILE_SECTORS * ISO_SECTOR };

struct isofile {
	unsigned char bytes[ISOFILE_SIZE];
	struct blockdev dev;
	struct arena arena;
	struct report report;
	struct fs *fs;
	struct err err;
	int r;
};

/* A primary descriptor and a root folder with "." and "..", Rock Ridge where `rock`. */
void isofile_init(struct isofile *iso, bool rock);

/* Opens it; `r` is what open() said. isofile_done() closes. */
void isofile_open(struct isofile *iso);
void isofile_done(struct isofile *iso);

/*
 * Adds a record to the folder at `sector`, behind those already there. `fields` is what its system
 * use area holds. Its first byte.
 */
unsigned char *isofile_add(struct isofile *iso, uint32_t sector, struct text id, uint32_t flags,
	uint32_t block, uint32_t size, struct text fields);

/* A second descriptor with Joliet's root at `sector`, and its "." and "..". */
void isofile_joliet(struct isofile *iso, uint32_t sector);

/* A number in both byte orders, as records have it. */
void isofile_both(void *at, uint32_t value);

/* All names of a folder, each with "|" behind it; what list() returned, or -errno of the walk. */
int isofile_list(struct isofile *iso, const char *path, char all[2000]);
