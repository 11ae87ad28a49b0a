/* What the caller reads: kernel, ramdisk and arguments, in one of pygrub's three forms. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "core/strbuf.h"

#include <stdbool.h>

enum answer_form { ANSWER_SXP, ANSWER_SIMPLE, ANSWER_SIMPLE0 };

enum {
	/* libxl drops items of simple0 of this length (keyword included) with only a warning. */
	SIMPLE0_ITEM_BYTES = 8192,
	/* A PV guest's command line is cut here by libxenguest, without a word. */
	PV_CMDLINE_BYTES = 1023,
	/* The longest answer there can be. */
	ANSWER_BYTES = 4 << 20,
};

/*
 * Appends the answer; an empty ramdisk or empty args are left out. -EINVAL with err where a value
 * cannot be said in this form: a NUL, the separator of the simple forms, an item that libxl drops.
 */
int answer_print(struct strbuf *out, enum answer_form form, struct text kernel, struct text ramdisk,
	struct text args, struct err *err) MUST_CHECK;

/* Appends a value as Python's repr() of a str shows it; bytes that are no text as \xNN. */
void repr_add(struct strbuf *out, struct text value);

/* Appends an entry's command line and what --args adds (NULL or empty: nothing), one blank between. */
void args_join(struct text cmdline, const char *more, struct strbuf *out);

/* Where the answer goes. */
struct answer_file {
	const char *path; /* NULL: standard output */
	int fd;
	bool regular; /* truncated before it is written, and emptied if that fails */
	bool created; /* by us: removed again if there is no answer */
};

/*
 * Opens the output: a file (made with mode 0600 where missing), a FIFO (waits for its reader), a
 * device; NULL is standard output. -errno with err.
 */
int answer_open(const char *path, struct answer_file *ret, struct err *err) MUST_CHECK;

/*
 * Writes all of it and closes; a regular file holds either all of it or nothing. -EINTR when
 * wake_fd (-1: none) becomes readable while a reader lets us wait.
 */
int answer_write(
	struct answer_file *file, struct text answer, int wake_fd, struct err *err) MUST_CHECK;

/* Closes without an answer. */
void answer_discard(struct answer_file *file);
