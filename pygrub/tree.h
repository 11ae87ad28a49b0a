/* Reads the folder that bootfs shows for a disk. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "model/login.h"
#include "core/strbuf.h"
#include "pygrub/options.h"

/*
 * Appends the folder's name below the mount: `.disk/PATH,KEY=VALUE...` for what the options ask.
 * A relative path counts from the current folder. -ENAMETOOLONG with err.
 */
int tree_name(const struct options *options, struct strbuf *out, struct err *err) MUST_CHECK;

/* Appends a part of such a name: /, %, comma and = as %2F, %25, %2C and %3D. */
void tree_escape(struct strbuf *out, struct text part);

/*
 * Hands a password to the bootfs that is mounted there and appends the key for it to a folder's
 * name. *disks is to stay open until the folder is. -errno with err.
 */
int tree_add_login(const char *mountpoint, const struct login_request *login, struct strbuf *name,
	int *disks, struct err *err) MUST_CHECK;

/* Opens the folder; everything read through it is of one inspection. A descriptor, or -errno. */
int tree_open(const char *mountpoint, const char *name, struct err *err) MUST_CHECK;

/* Appends a whole small file below the folder, at most `limit` bytes. -errno; no err. */
int tree_read(int folder, const char *name, size_t limit, struct strbuf *out) MUST_CHECK;

/* The same without the newline at its end. */
int tree_read_line(int folder, const char *name, size_t limit, struct strbuf *out) MUST_CHECK;

/* Why nothing boots: the text of the folder's `error`, as an -ENOENT. */
int tree_error(int folder, struct err *err);

/*
 * Compares the devices and inodes that an entry's `source` names with what their paths name
 * here: both must look at the same disks. -ESTALE with err.
 */
int tree_check_source(int folder, const char *entry, struct err *err) MUST_CHECK;

/* One line of `source`; -ESTALE with err where its disk is not the one its path names here. */
int source_check_line(struct text line, struct err *err) MUST_CHECK;
