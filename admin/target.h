/* A folder that files are written into: all of them, or none. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { TARGET_FILES = 4 };

struct target_file {
	const char *name;
	int fd;        /* -1: nothing was added under this name */
	char temp[40]; /* its name meanwhile; empty: it has none */
	bool published;
};

struct target {
	const char *path;
	int folder; /* -1: not open */
	bool force; /* files of these names may be replaced */
	bool made;  /* the folder is ours */
	bool done;
	struct target_file files[TARGET_FILES];
	size_t n;
};

/*
 * Opens the folder, made where only its last component is missing. Without `force` -EEXIST with
 * err where one of the names exists. Borrows everything.
 */
int target_open(struct target *target, const char *path, bool force, const char *const *names,
	size_t n, struct err *err) MUST_CHECK;

/* Copies a whole file; it has no name yet, as far as the file system can do that. */
int target_add(struct target *target, const char *name, int from, struct err *err) MUST_CHECK;

/*
 * Gives what was added its name; with `force` a file for which nothing was
 * added is removed: it would belong to another entry.
 */
int target_publish(struct target *target, struct err *err) MUST_CHECK;

/* Removes all of it unless it was published. */
void target_close(struct target *target);
