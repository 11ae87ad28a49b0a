/* The child's side of disks that an NBD server has. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/err.h"
#include "model/question.h"
#include "sandbox/seccomp.h"

struct blockdev;

/* What an inspector that reads them is made of; bootfs-inspect has none, bootfs-inspect-nbd one. */
struct served_ops {
	/* See nbd_disk_open(). */
	int (*open)(int socket, struct text export, uint32_t disk, struct arena *arena,
		struct blockdev *ret, struct err *err);
	const struct seccomp_rule *calls; /* system calls that it needs more */
	size_t n_calls;
	uint64_t memory; /* bytes of address space for its libraries */
};

/*
 * Opens disk `index` of the question, which has an image: checks the headers of all its layers,
 * gets the connection, greets the server. Memory of the arena. -errno with err, without the path.
 */
int served_open(const struct question *question, uint32_t index, struct arena *arena,
	struct blockdev *ret, struct err *err) MUST_CHECK;
