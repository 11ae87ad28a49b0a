/* The trial: can guests be read on this host? A guest of our own is asked about like any other. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ask/ask.h"

/*
 * Has an inspector read the disk of ask/trial_disk.h: its partition table, its file system, its
 * menu. `as_image`: as a qcow2 image, which takes bootfs-inspect-nbd, bootfs-serve and QEMU. 0 when
 * all came as it is on the disk; *gaps is what the sandbox lacks. Else -errno, and err says why and
 * what to do. Waits as long as limits->timeout_ms.
 */
int trial_run(const struct ask_settings *settings, const struct limits *limits, bool as_image,
	uint32_t *gaps, struct err *err) MUST_CHECK;
