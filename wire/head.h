/* The head of a message, for wire*.c only. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "wire/io.h"

enum wire_kind {
	WIRE_QUESTION,
	WIRE_INSPECTION,
	WIRE_DONE,
	WIRE_FAILURE,
	WIRE_FOLDER,
	WIRE_FILE,
};
#define WIRE_KINDS (WIRE_FILE + 1)

/* Begins a message: where its head stands, for wire_put_end(). */
size_t wire_put_head(struct strbuf *buf, enum wire_kind kind);
/* Writes the length into the head at `start`. */
void wire_put_end(struct strbuf *buf, size_t start);

/*
 * Checks the head and gives the fields behind it. A failure where another kind was expected
 * becomes `err` and is returned as its -errno.
 */
int wire_open(
	struct text message, enum wire_kind expected, struct text *ret, struct err *err) MUST_CHECK;
