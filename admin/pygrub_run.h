/* Runs Xen's pygrub on a disk, with as few rights as it needs, and keeps nothing. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "core/strbuf.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How it is run. */
struct pygrub_settings {
	char path[4096];
	uid_t uid;
	gid_t gid;
	uint32_t timeout_ms;
};

/* What it answered; a zeroed struct is none. */
struct pygrub_answer {
	bool ok;             /* it named a kernel */
	int folder;          /* an unnamed tmpfs with its files; -1: none */
	int kernel, ramdisk; /* -1: none */
	struct strbuf args;
	struct strbuf message; /* why it failed: the last line it said, escaped */
};

/*
 * Finds Xen's pygrub in the folders of Debian's and Xen's own packages, the newest version first;
 * under its other name where bootfs-pygrub has that one. False: there is none.
 */
bool pygrub_find(char path[PATH_MAX]) MUST_CHECK;

/*
 * Runs `pygrub -q` on the disk and waits, at most timeout_ms. It gets a network, process and mount
 * namespace of its own in which all is read-only but a tmpfs for its answer, that user, and of
 * root's rights only the one to read any file (it opens the disk by itself). -errno with err
 * where it could not be run; that it found nothing is an answer.
 */
int pygrub_run(const struct pygrub_settings *settings, const char *disk, struct pygrub_answer *ret,
	struct err *err) MUST_CHECK;

void pygrub_answer_done(struct pygrub_answer *answer);
