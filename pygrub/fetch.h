/* The chosen entry's files: opened in the mount, copied to the output folder. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "pygrub/choose.h"
#include "pygrub/job.h"

/* All descriptors are open at once, so that the copy needs no right to open any. */
struct boot_files {
	int kernel, initrd;                /* -1: none */
	uint64_t kernel_size, initrd_size; /* bytes */
	struct strbuf cmdline;             /* without the newline */
};

/*
 * Opens kernel and initrd and reads the command line. -ENOENT with err where the entry has no
 * kernel, naming what is missing. Failures that another mount would not mend are marked final.
 */
int fetch_open(const struct job *job, int folder, const struct choice *choice,
	struct boot_files *ret, struct err *err) MUST_CHECK;

/* Copies both into the job's copies. -EIO: the disk may have changed; try once more. */
int fetch_copy(const struct job *job, struct boot_files *files, struct err *err) MUST_CHECK;

void fetch_done(struct boot_files *files);
