/* Numbers and texts as bytes, for wire*.c only: native byte order, one machine, one build. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"
#include "core/err.h"
#include "core/strbuf.h"

void wire_put_u8(struct strbuf *buf, uint8_t value);
void wire_put_u32(struct strbuf *buf, uint32_t value);
void wire_put_u64(struct strbuf *buf, uint64_t value);
/* Length, bytes and a NUL, so that the decoded slice is a C string too. */
void wire_put_text(struct strbuf *buf, struct text text);

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
