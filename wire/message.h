/* A message between asker and inspector: a head, then fields.  The reader trusts nothing. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/err.h"
#include "core/strbuf.h"

/*
 *   0        7      8                16
 *   +--------+------+----------------+----------------
 *   | version| kind | length (u64)   | fields ...
 *   +--------+------+----------------+----------------
 *
 * Numbers are in the machine's own byte order: both ends run on one machine. `length` counts the
 * bytes behind the head. A text is its length (u32), its bytes, and a NUL that is not counted.
 */
enum { WIRE_HEAD = 16 }; /* bytes */

/*
 * Daemon and inspector are two programs, and an upgrade may replace one under the other: the
 * version must change with the fields.
 */
#define WIRE_VERSION "bootfs7"

enum wire_kind {
	WIRE_QUESTION,
	WIRE_INSPECTION,
	WIRE_DONE,
	WIRE_FAILURE,
	WIRE_FOLDER,
	WIRE_FILE,
	WIRE_SIGSYS,
};
#define WIRE_KINDS (WIRE_SIGSYS + 1)

/* ---- writing ---------------------------------------------------------------------------------- */

/* Begins a message: where its head stands, for wire_put_end(). */
size_t wire_put_head(struct strbuf *buf, enum wire_kind kind);
/* Writes the length into the head at `start`. */
void wire_put_end(struct strbuf *buf, size_t start);

void wire_put_u8(struct strbuf *buf, uint8_t value);
void wire_put_u32(struct strbuf *buf, uint32_t value);
void wire_put_u64(struct strbuf *buf, uint64_t value);
/* Length, bytes and a NUL, so that the decoded slice is a C string too. */
void wire_put_text(struct strbuf *buf, struct text text);

/* Appends "the content is written". */
void wire_put_done(struct strbuf *buf);
/* Appends why there is no answer. */
void wire_put_failure(struct strbuf *buf, const struct err *err);

/* ---- reading ---------------------------------------------------------------------------------- */

/*
 * The length of the whole message whose first bytes are `head` (at least WIRE_HEAD), for a reader
 * who has at most `max` bytes. -EPROTO: no message of this version, or longer than `max`.
 */
int wire_length(struct text head, uint64_t max, uint64_t *ret, struct err *err) MUST_CHECK;

/*
 * Checks the head and gives the fields behind it. A failure where another kind was expected
 * becomes `err` and is returned as its -errno; so are last words (wire/sigsys.h).
 */
int wire_open(
	struct text message, enum wire_kind expected, struct text *ret, struct err *err) MUST_CHECK;

/* 0 for "done"; for a failure err is what the child said; -EPROTO. */
int wire_get_done(struct text bytes, struct err *err) MUST_CHECK;

/*
 * What is still to be read. The first refusal sticks: err says which field, and from then on
 * every number is 0 and every text empty, so that loops over counts end by themselves.
 */
struct wire_in {
	struct text rest; /* in the arena: texts are slices of it */
	struct arena *arena;
	struct err *err;
	bool bad;
};

/* Copies `bytes` into the arena and begins to read them. -ENOMEM. */
int wire_begin(
	struct wire_in *in, struct text bytes, struct arena *arena, struct err *err) MUST_CHECK;

void wire_refuse(struct wire_in *in, const char *field, const char *why);

uint8_t wire_get_u8(struct wire_in *in, const char *field);
uint32_t wire_get_u32(struct wire_in *in, const char *field);
uint64_t wire_get_u64(struct wire_in *in, const char *field);
bool wire_get_bool(struct wire_in *in, const char *field);
struct text wire_get_text(struct wire_in *in, const char *field);

/* A number below `count`. */
uint32_t wire_get_enum(struct wire_in *in, uint32_t count, const char *field);

/* A count of things that take at least `item` bytes each: at most `max`, and all must be there. */
uint32_t wire_get_count(struct wire_in *in, uint32_t max, size_t item, const char *field);

/* arena_array() that refuses instead of giving NULL for a count that is not 0. */
void *wire_array(struct wire_in *in, size_t count, size_t size, const char *field);

/* 0, or the sticking refusal; also refuses bytes that nobody read. */
int wire_end(struct wire_in *in) MUST_CHECK;
