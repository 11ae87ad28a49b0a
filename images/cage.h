/* What locks QEMU up: it parses what a guest or a stranger wrote. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "model/limits.h"
#include "wire/order.h"

#define CAGE_DISKS "/disk"

struct cage {
	const struct worker_order *order;
	uint32_t n_disks;              /* behind SERVE_LAYERS; become CAGE_DISKS "/0" and up */
	bool device[MAX_IMAGE_LAYERS]; /* block devices */
	int disks[MAX_IMAGE_LAYERS];   /* the very files as mounts, on their way to the new root */
	bool own_rights;               /* not root: the disks are opened with our own rights */
};

/*
 * Looks at the disks and takes namespaces of its own: from now on there is no network, and no
 * mount is seen outside. -errno with err.
 */
int cage_prepare(struct cage *cage, struct err *err) MUST_CHECK;

/*
 * The root becomes one of nothing but libraries and the disks, read-only; user, rights, memory,
 * processor time and system calls are taken away, all but one right: to read the disks, whoever
 * owns them. Only libraries can be loaded and QEMU be executed then. Every step fails closed.
 */
int cage_enter(struct cage *cage, struct err *err) MUST_CHECK;
