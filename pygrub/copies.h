/* The temporary copies of kernel and initrd in the output folder. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "core/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* Where they go when nobody says otherwise, as in pygrub; XAPI wants exactly this folder. */
#define COPIES_DEFAULT_FOLDER "/var/run/xen/pygrub/"

struct copy {
	int fd;        /* open for writing; -1: none */
	char name[32]; /* in the folder */
	bool visible;  /* has that name by now */
};

/*
 * A copy has no name while it is written, where the file system can do that (O_TMPFILE): then
 * even SIGKILL leaves nothing. Elsewhere it is made with its name, mode 0600, never over
 * something that is there, and removed on every way out.
 */
struct copies {
	struct strbuf folder; /* absolute, `..` folded, links not resolved, one final slash */
	int folder_fd;
	struct copy kernel, ramdisk;
};

/*
 * Opens the folder (NULL: the default one, made with mode 0700 where missing) and both files.
 * -errno with err.
 */
int copies_open(const char *folder, struct copies *ret, struct err *err) MUST_CHECK;

/* Appends the path by which the caller will find a copy. */
void copies_add_path(const struct copies *copies, const struct copy *copy, struct strbuf *out);

/* Is there room for so many bytes, with 64 MiB or a tenth to spare? -ENOSPC with err. */
int copies_check_room(const struct copies *copies, uint64_t bytes, struct err *err) MUST_CHECK;

/*
 * Gives the finished copies their names, the ramdisk only where wanted. A name that is taken
 * meanwhile is an error (-EEXIST) and what has it stays untouched.
 */
int copies_publish(struct copies *copies, bool with_ramdisk, struct err *err) MUST_CHECK;

/* Closes; `keep` is false: removes every copy that has a name. */
void copies_close(struct copies *copies, bool keep);
