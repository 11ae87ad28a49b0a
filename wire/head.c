/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire/head.h"

#include "wire/wire.h"

#include <errno.h>

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
