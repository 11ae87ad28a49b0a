/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/commands/env.h"

#include <errno.h>

/* Where the line ends: at a newline that is not escaped, or past the end (no newline). */
static size_t line_length(struct text text)
{
	size_t n = 0;

	while (n < text.len && text.at[n] != '\n')
		n += text.at[n] == '\\' ? 2 : 1;
	return n;
}

static struct text unescape(char *out, struct text value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] == '\\' && i + 1 < value.len)
			i++;
		out[n++] = value.at[i];
	}
	return (struct text){out, n};
}

int grub_env_read(struct arena *arena, struct text block, grub_env_visit *visit, void *context)
{
	const struct text signature = TEXT("# GRUB Environment Block\n");
	struct text rest = text_skip(block, signature.len), value;
	char *out;
	int r = 0;

	if (!text_starts(block, signature))
		return -EINVAL;
	out = arena_alloc(arena, block.len + 1);
	if (!out)
		return -ENOMEM;
	while (rest.len && !r) {
		size_t equals, length = line_length(rest);

		if (rest.at[0] != '#') {
			/* The name may hold anything up to the next =, even newlines. */
			equals = text_find(rest, '=');
			if (equals == rest.len)
				break;
			value = text_skip(rest, equals + 1);
			length = line_length(value);
			if (length >= value.len)
				break;
			r = visit(context, text_first(rest, equals),
				unescape(out, text_first(value, length)));
			length += equals + 1;
		}
		rest = text_skip(rest, length + 1);
	}
	arena_release(arena, out);
	return r;
}
