/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/message.h"

#include "wire/sigsys.h"

#include <errno.h>

void wire_put_u8(struct strbuf *buf, uint8_t value)
{
	strbuf_addc(buf, (char)value);
}

void wire_put_u32(struct strbuf *buf, uint32_t value)
{
	strbuf_add(buf, (struct text){(const char *)&value, sizeof(value)});
}

void wire_put_u64(struct strbuf *buf, uint64_t value)
{
	strbuf_add(buf, (struct text){(const char *)&value, sizeof(value)});
}

void wire_put_text(struct strbuf *buf, struct text text)
{
	if (text.len > UINT32_MAX) {
		buf->failed = -EFBIG;
		return;
	}
	wire_put_u32(buf, (uint32_t)text.len);
	strbuf_add(buf, text);
	strbuf_addc(buf, '\0');
}

int wire_begin(struct wire_in *in, struct text bytes, struct arena *arena, struct err *err)
{
	*in = (struct wire_in){.arena = arena, .err = err};
	if (arena_text(arena, bytes, &in->rest) < 0) {
		in->bad = true;
		return err_set(err, ENOMEM, "answer: no memory for its %zu bytes", bytes.len);
	}
	return 0;
}

void wire_refuse(struct wire_in *in, const char *field, const char *why)
{
	if (in->bad)
		return;
	in->bad = true;
	in->rest = (struct text){0};
	err_set(in->err, EPROTO, "%s: %s", field, why);
}

/* The next `len` bytes; NULL after a refusal. */
static const char *take(struct wire_in *in, size_t len, const char *field)
{
	const char *at = in->rest.at;

	if (in->bad)
		return NULL;
	if (in->rest.len < len) {
		wire_refuse(in, field, "ends too early");
		return NULL;
	}
	in->rest = text_skip(in->rest, len);
	return at;
}

uint8_t wire_get_u8(struct wire_in *in, const char *field)
{
	const char *at = take(in, 1, field);

	return at ? (uint8_t)*at : 0;
}

uint32_t wire_get_u32(struct wire_in *in, const char *field)
{
	const char *at = take(in, sizeof(uint32_t), field);
	uint32_t value = 0;

	if (at)
		memcpy(&value, at, sizeof(value));
	return value;
}

uint64_t wire_get_u64(struct wire_in *in, const char *field)
{
	const char *at = take(in, sizeof(uint64_t), field);
	uint64_t value = 0;

	if (at)
		memcpy(&value, at, sizeof(value));
	return value;
}

bool wire_get_bool(struct wire_in *in, const char *field)
{
	return wire_get_enum(in, 2, field) == 1;
}

struct text wire_get_text(struct wire_in *in, const char *field)
{
	uint32_t len = wire_get_u32(in, field);
	const char *at = take(in, (size_t)len + 1, field);

	if (!at)
		return (struct text){0};
	if (at[len] != '\0') {
		wire_refuse(in, field, "no NUL behind the text");
		return (struct text){0};
	}
	return (struct text){at, len};
}

uint32_t wire_get_enum(struct wire_in *in, uint32_t count, const char *field)
{
	uint8_t value = wire_get_u8(in, field);

	if (value < count)
		return value;
	wire_refuse(in, field, "unknown value");
	return 0;
}

uint32_t wire_get_count(struct wire_in *in, uint32_t max, size_t item, const char *field)
{
	uint32_t count = wire_get_u32(in, field);

	if (count <= max && count <= in->rest.len / item)
		return count;
	wire_refuse(in, field, "too many");
	return 0;
}

void *wire_array(struct wire_in *in, size_t count, size_t size, const char *field)
{
	void *memory = count && !in->bad ? arena_array(in->arena, count, size) : NULL;

	if (count && !memory)
		wire_refuse(in, field, "no memory left for it");
	return memory;
}

int wire_end(struct wire_in *in)
{
	if (!in->bad && in->rest.len)
		wire_refuse(in, "end", "more bytes than fields");
	return in->bad ? -EPROTO : 0;
}

/* ---- heads ------------------------------------------------------------------------------------ */

struct head {
	char version[7]; /* WIRE_VERSION without its NUL */
	uint8_t kind;    /* enum wire_kind */
	uint64_t length; /* bytes behind the head */
};
_Static_assert(sizeof(struct head) == WIRE_HEAD, "the head has no padding");

size_t wire_put_head(struct strbuf *buf, enum wire_kind kind)
{
	size_t start = buf->len;

	strbuf_add(buf, TEXT(WIRE_VERSION));
	wire_put_u8(buf, (uint8_t)kind);
	wire_put_u64(buf, 0);
	return start;
}

void wire_put_end(struct strbuf *buf, size_t start)
{
	uint64_t length;

	if (buf->failed)
		return;
	length = buf->len - start - WIRE_HEAD;
	memcpy(buf->at + start + offsetof(struct head, length), &length, sizeof(length));
}

static int head_get(struct text message, struct head *ret, struct err *err)
{
	if (message.len < WIRE_HEAD)
		return err_set(err, EPROTO, "head: ends too early");
	memcpy(ret, message.at, sizeof(*ret));
	if (!text_equal(text_first(message, sizeof(ret->version)), TEXT(WIRE_VERSION)))
		return err_set(err, EPROTO,
			"head: written by another version of bootfs, or nothing written");
	if (ret->kind >= WIRE_KINDS)
		return err_set(err, EPROTO, "head: unknown kind of message");
	return 0;
}

int wire_length(struct text head_bytes, uint64_t max, uint64_t *ret, struct err *err)
{
	struct head head = {0};
	int r = head_get(head_bytes, &head, err);

	if (r < 0)
		return r;
	if (max < WIRE_HEAD || head.length > max - WIRE_HEAD)
		return err_set(err, EPROTO, "head: longer than there is room for");
	*ret = WIRE_HEAD + head.length;
	return 0;
}

/* What the child said in a failure; its bytes are shown through core/escape.h like a guest's. */
static int failure_get(struct text fields, struct err *err)
{
	struct text text = text_skip(fields, sizeof(uint32_t));
	uint32_t code = 0;

	if (fields.len >= sizeof(code))
		memcpy(&code, fields.at, sizeof(code));
	if (code < 1 || code > 4095 || !text.len || text.len >= sizeof(err->text))
		return err_set(err, EPROTO, "failure: not understood");
	return err_set(err, (int)code, "%.*s", TEXT_ARG(text));
}

int wire_open(struct text message, enum wire_kind expected, struct text *ret, struct err *err)
{
	struct head head = {0};
	int r = head_get(message, &head, err);

	if (r < 0)
		return r;
	*ret = text_skip(message, WIRE_HEAD);
	if (head.length != ret->len)
		return err_set(err, EPROTO, "head: wrong length");
	if (head.kind == expected)
		return 0;
	if (head.kind == WIRE_FAILURE)
		return failure_get(*ret, err);
	if (head.kind == WIRE_SIGSYS)
		return wire_get_sigsys(*ret, err);
	return err_set(err, EPROTO, "head: answers another question");
}

void wire_put_done(struct strbuf *buf)
{
	wire_put_end(buf, wire_put_head(buf, WIRE_DONE));
}

void wire_put_failure(struct strbuf *buf, const struct err *err)
{
	size_t start = wire_put_head(buf, WIRE_FAILURE);

	wire_put_u32(buf, err->code > 0 ? (uint32_t)err->code : EPROTO);
	strbuf_adds(buf, err->text[0] ? err->text : "no reason given");
	wire_put_end(buf, start);
}

int wire_get_done(struct text bytes, struct err *err)
{
	struct text fields = {0};
	int r = wire_open(bytes, WIRE_DONE, &fields, err);

	if (r == 0 && fields.len)
		return err_set(err, EPROTO, "done: more bytes than fields");
	return r;
}
