/* Questions and inspections as bytes. The decoder trusts nothing. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"
#include "inspect/inspection.h"
#include "inspect/question.h"

/* Appends the encoded question (descriptors are not part of it). */
void wire_put_question(struct strbuf *buf, const struct question *question);
int wire_get_question(
	struct text bytes, struct arena *arena, struct question *ret, struct err *err) MUST_CHECK;

/* Appends the encoded inspection. */
void wire_put_inspection(struct strbuf *buf, const struct inspection *inspection);

/*
 * Decodes and checks everything: lengths, counts, enumerations, indices, that pieces are in
 * order, sum up to the size, lie inside disk_sizes[] and `bytes`, that paths fit the tree, that
 * default and indices name entries. -EPROTO with err naming the field.
 */
int wire_get_inspection(struct text bytes, const uint64_t *disk_sizes, uint32_t n_disks,
	struct inspection *ret, struct err *err) MUST_CHECK;
