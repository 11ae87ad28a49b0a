/* The cpio members that `initrd newc:NAME:FILE` wraps files into, as GRUB writes them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"

/*
 * The folders whose headers are written already, up to the next trailer. GRUB keeps them in one
 * list for all depths and looks for each component behind the one before it, so a folder below
 * another may be written again; so that our bytes are its bytes, so do we.
 */
struct newc {
	struct text folders[256]; /* last components, in the order of writing */
	uint32_t count;
};

/* Headers of the folders of `name` that are not written yet, and of the file itself. */
void newc_add_file(struct newc *newc, struct strbuf *out, struct text name, uint64_t size);

/* The end of an archive; forgets the folders. */
void newc_end(struct newc *newc, struct strbuf *out);
