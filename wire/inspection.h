/* An inspection as a message: disks, volumes, log, menu. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "model/inspection.h"
#include "wire/message.h"

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
