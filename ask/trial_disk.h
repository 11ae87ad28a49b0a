/* A tiny guest of our own, for the trial (ask/trial.h): as a raw disk, and in QEMU's format. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"

#include <stdint.h>

/* Title of the one entry of its menu. */
#define TRIAL_TITLE "bootfs can read guests"

/*
 * An MBR with one partition, ext4 in it, GRUB's configuration and a kernel. Writes it into an empty
 * file, sparsely. -1 with errno.
 */
int trial_disk_write(int fd) MUST_CHECK;

/* The same as a qcow2 image. -1 with errno. */
int trial_disk_write_qcow2(int fd) MUST_CHECK;
