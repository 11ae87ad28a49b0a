/* A growing byte buffer for what we write. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/cleanup.h"
#include "core/text.h"

/*
 * Grows by doubling up to `limit` bytes (0: no limit). Appending never fails at the call: the
 * first failure sticks in `failed` (-ENOMEM, or -EFBIG over the limit) and is looked at once, at
 * the end. Always followed by a NUL when `at` is not NULL. A zeroed struct is an empty buffer.
 */
struct strbuf {
	char *at;
	size_t len, room, limit;
	int failed;
};

void strbuf_done(struct strbuf *buf);
#define _strbuf_ CLEANUP(strbuf_done)

void strbuf_add(struct strbuf *buf, struct text text);
void strbuf_addc(struct strbuf *buf, char c);
void strbuf_adds(struct strbuf *buf, const char *string);
void strbuf_addf(struct strbuf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Shortens to `len` bytes. */
void strbuf_cut(struct strbuf *buf, size_t len);

static inline struct text strbuf_text(const struct strbuf *buf)
{
	return (struct text){buf->at, buf->len};
}

/* The memory itself, to be freed by the caller; the buffer is empty afterwards. NULL if failed. */
char *strbuf_steal(struct strbuf *buf) MUST_CHECK;
