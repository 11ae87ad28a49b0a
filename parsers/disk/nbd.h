/* A disk that an NBD server has, over a connected socket. Linked into bootfs-inspect-nbd only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/err.h"
#include "parsers/disk/blockdev.h"

/*
 * Greets the server and opens the export (empty: the default one). The socket is libnbd's from
 * then on, also on failure; it is never closed: the process ends first. What the blockdev needs
 * lives in the arena. -EIO, -ENOMEM with err.
 */
int nbd_disk_open(int socket, struct text export, uint32_t disk, struct arena *arena,
	struct blockdev *ret, struct err *err) MUST_CHECK;
