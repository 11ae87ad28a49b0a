/* Opens a folder's disks in a worker, since a disk may never answer. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuse/query/disks.h"
#include "fuse/loop/pool.h"

struct folder;

/* A heap object that ends by itself, however long the worker hangs. */
struct opening;

/* Takes over the disks, also when it fails; folder->opening is it. -ENOMEM. */
int opening_start(struct folder *folder, struct disks *disks) MUST_CHECK;

/* Gives it up: opening_done() is not called any more. folder->stuck when a worker hangs. */
void opening_abandon(struct folder *folder);
