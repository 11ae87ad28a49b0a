/* Strings the way Python's repr() prints them. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/answer.h"

#include "core/escape.h"

/* Python's choice: single quotes, but double ones where only single ones stand in the value. */
static char quote_for(struct text value)
{
	bool has_single = text_find(value, '\'') < value.len;
	bool has_double = text_find(value, '"') < value.len;

	return has_single && !has_double ? '"' : '\'';
}

static void add_ascii(struct strbuf *out, char c, char quote)
{
	switch (c) {
	case '\n':
		strbuf_adds(out, "\\n");
		break;
	case '\r':
		strbuf_adds(out, "\\r");
		break;
	case '\t':
		strbuf_adds(out, "\\t");
		break;
	default:
		if (c == quote || c == '\\')
			strbuf_addf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			strbuf_addf(out, "\\x%02x", (unsigned char)c);
		else
			strbuf_addc(out, c);
	}
}

/* U+0080 to U+009F: some terminals obey them as they obey ESC. */
static bool is_c1(struct text character)
{
	return character.len == 2 && (unsigned char)character.at[0] == 0xc2 &&
	       (unsigned char)character.at[1] < 0xa0;
}

void repr_add(struct strbuf *out, struct text value)
{
	char quote = quote_for(value);

	strbuf_addc(out, quote);
	while (value.len && !out->failed) {
		size_t len = utf8_length(value);

		if (len == 1)
			add_ascii(out, value.at[0], quote);
		else if (len && !is_c1(text_first(value, len)))
			strbuf_add(out, text_first(value, len));
		else
			for (size_t i = 0; i < (len ? len : 1); i++)
				strbuf_addf(out, "\\x%02x", (unsigned char)value.at[i]);
		value = text_skip(value, len ? len : 1);
	}
	strbuf_addc(out, quote);
}
