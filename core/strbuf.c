/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/strbuf.h"

#include "core/checked.h"

#include <errno.h>
#include <stdarg.h>

void strbuf_done(struct strbuf *buf)
{
	free(buf->at);
	*buf = (struct strbuf){.limit = buf->limit};
}

/* Room for `more` bytes and the NUL behind them. */
static bool strbuf_grow(struct strbuf *buf, size_t more)
{
	size_t need, room = buf->room ? buf->room : 64;
	char *bigger;

	if (buf->failed)
		return false;
	if (!checked_add(buf->len, more, &need) || (buf->limit && need > buf->limit)) {
		buf->failed = -EFBIG;
		return false;
	}
	if (need < buf->room)
		return true;
	while (room <= need && checked_mul(room, 2u, &room))
		;
	bigger = room > need ? realloc(buf->at, room) : NULL;
	if (!bigger) {
		buf->failed = -ENOMEM;
		return false;
	}
	buf->at = bigger;
	buf->room = room;
	return true;
}

void strbuf_add(struct strbuf *buf, struct text text)
{
	if (!strbuf_grow(buf, text.len))
		return;
	if (text.len)
		memcpy(buf->at + buf->len, text.at, text.len);
	buf->len += text.len;
	buf->at[buf->len] = '\0';
}

void strbuf_addc(struct strbuf *buf, char c)
{
	strbuf_add(buf, (struct text){&c, 1});
}

void strbuf_adds(struct strbuf *buf, const char *string)
{
	strbuf_add(buf, text_of(string));
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || !strbuf_grow(buf, (size_t)n))
		return;
	va_start(args, format);
	vsnprintf(buf->at + buf->len, (size_t)n + 1, format, args);
	va_end(args);
	buf->len += (size_t)n;
}

void strbuf_cut(struct strbuf *buf, size_t len)
{
	if (len >= buf->len)
		return;
	buf->len = len;
	buf->at[len] = '\0';
}

char *strbuf_steal(struct strbuf *buf)
{
	char *taken;

	strbuf_add(buf, TEXT("")); /* an empty buffer is an empty string, not NULL */
	taken = buf->failed ? NULL : buf->at;
	if (taken)
		buf->at = NULL;
	strbuf_done(buf);
	return taken;
}
