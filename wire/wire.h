/* Questions and inspections as bytes. The decoder trusts nothing. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"
#include "model/inspection.h"
#include "model/question.h"

/*
 * A message is a head (kind, version, length of the rest) and its fields. The child writes one
 * message at the start of the answer memfd: an inspection, "done" for a content, or a failure.
 */
enum { WIRE_HEAD = 16 }; /* bytes */

/*
 * Daemon and inspector are two programs, and an upgrade may replace one under the other: the
 * version must change with the fields.
 */
#define WIRE_VERSION "bootfs5"

/*
 * The length of the whole message whose first bytes are `head` (at least WIRE_HEAD), for a reader
 * who has at most `max` bytes. -EPROTO: no message of this version, or longer than `max`.
 */
int wire_length(struct text head, uint64_t max, uint64_t *ret, struct err *err) MUST_CHECK;

/* Appends the encoded question (descriptors are not part of it). */
void wire_put_question(struct strbuf *buf, const struct question *question);

/* The texts live in the arena; every disk's fd is -1. -EPROTO with err naming the field. */
int wire_get_question(
	struct text bytes, struct arena *arena, struct question *ret, struct err *err) MUST_CHECK;

/* Appends the encoded inspection. Users' passwords are no part of it. */
void wire_put_inspection(struct strbuf *buf, const struct inspection *inspection);

/*
 * The same into an empty buffer with a limit: what is too long goes without the entries' scripts,
 * which only people read, and with a warning. -EFBIG when even that is too long, -ENOMEM.
 */
int wire_put_bounded(struct strbuf *buf, struct inspection *inspection, struct err *err) MUST_CHECK;

/*
 * Decodes and checks everything: lengths, counts, enumerations, indices, that pieces are in
 * order, sum up to the size, lie inside disk_sizes[] and `bytes`, that paths fit the tree, that
 * default and indices name entries. -EPROTO with err naming the field. `ret` is a new inspection.
 * Where the message is a failure, err is what the child said, and its -errno is returned.
 */
int wire_get_inspection(struct text bytes, const uint64_t *disk_sizes, uint32_t n_disks,
	struct inspection *ret, struct err *err) MUST_CHECK;

/* Appends the inspection's `look`: the answer to QUESTION_FOLDER, to QUESTION_FILE. */
void wire_put_folder(struct strbuf *buf, const struct volume_look *look);
void wire_put_file(struct strbuf *buf, const struct volume_look *look);

/*
 * Decodes and checks the same into a new inspection: names are file names, sorted, each once; no
 * link leads above the root of the volume that the question's path counts from; the file is of
 * the size that was asked for and lies inside its disks. -EPROTO, and failures as above.
 */
int wire_get_look(struct text bytes, const struct question *question, struct inspection *ret,
	struct err *err) MUST_CHECK;

/* Appends "the content is written". */
void wire_put_done(struct strbuf *buf);
/* Appends why there is no answer. */
void wire_put_failure(struct strbuf *buf, const struct err *err);
/* 0 for "done"; for a failure err is what the child said; -EPROTO. */
int wire_get_done(struct text bytes, struct err *err) MUST_CHECK;
