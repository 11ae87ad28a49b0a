/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/escape.h"

/* The code point of a well-formed character of `len` bytes (RFC 3629). */
static uint32_t utf8_code(const unsigned char *s, size_t len)
{
	static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t code = s[0] & first_bits[len];

	for (size_t i = 1; i < len; i++)
		code = code << 6 | (s[i] & 0x3f);
	return code;
}

static size_t utf8_claimed(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t utf8_length(struct text text)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *)text.at;
	size_t len = text.len ? utf8_claimed(s[0]) : 0;
	uint32_t code;

	if (!len || len > text.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	code = utf8_code(s, len);
	if (code < smallest[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return len;
}

/* Characters that change how a terminal shows what stands around them. */
static bool is_obeyed(uint32_t code)
{
	return (code >= 0x80 && code <= 0x9f) || code == 0x61c || code == 0x200e ||
	       code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static void escape_byte(struct strbuf *buf, unsigned char c)
{
	switch (c) {
	case '\\':
		strbuf_adds(buf, "\\\\");
		break;
	case '\n':
		strbuf_adds(buf, "\\n");
		break;
	case '\t':
		strbuf_adds(buf, "\\t");
		break;
	case 0x1b:
		strbuf_adds(buf, "\\e");
		break;
	default:
		if (c < 0x20 || c >= 0x7f)
			strbuf_addf(buf, "\\x%02x", c);
		else
			strbuf_addc(buf, (char)c);
	}
}

/* Escapes the character at the start; returns how many bytes of the text it was. */
static size_t escape_one(struct strbuf *buf, struct text text)
{
	size_t len = utf8_length(text);
	uint32_t code;

	if (len <= 1) {
		escape_byte(buf, (unsigned char)text.at[0]);
		return 1;
	}
	code = utf8_code((const unsigned char *)text.at, len);
	if (is_obeyed(code))
		strbuf_addf(buf, "\\u%04x", code);
	else
		strbuf_add(buf, text_first(text, len));
	return len;
}

void escape_add(struct strbuf *buf, struct text text)
{
	escape_add_cut(buf, text, SIZE_MAX);
}

void escape_add_cut(struct strbuf *buf, struct text text, size_t max)
{
	size_t start = buf->len;

	while (text.len && !buf->failed) {
		size_t before = buf->len;

		text = text_skip(text, escape_one(buf, text));
		if (buf->len - start > max) {
			strbuf_cut(buf, before);
			strbuf_adds(buf, "...");
			return;
		}
	}
}

bool utf8_add_lossy(struct strbuf *buf, struct text text)
{
	bool lossy = false;

	while (text.len && !buf->failed) {
		size_t len = utf8_length(text);

		if (len) {
			strbuf_add(buf, text_first(text, len));
		} else {
			strbuf_adds(buf, "\xef\xbf\xbd");
			lossy = true;
			len = 1;
		}
		text = text_skip(text, len);
	}
	return lossy;
}
