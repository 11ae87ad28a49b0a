/* A guest's disks as boot loaders see them: what parsers/boot/installed reads. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "inspect/answer/guest.h"
#include "parsers/boot/installed/installed.h"

/*
 * Describes the disks with their partitions. A disk that is a partition of its own, or one whose
 * file system begins at an offset, has no boot sector. Lives in the inspection's arena. -ENOMEM.
 */
int machine_of_guest(struct guest *guest, struct boot_machine *ret) MUST_CHECK;
