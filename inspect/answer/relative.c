/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/relative.h"

#include "core/strbuf.h"

#include <errno.h>

/* How much of both paths is the same, in whole components; *ups is how many more `from` has. */
static size_t common_part(struct text from, struct text to, uint32_t *ups)
{
	size_t same = 0, i;

	for (i = 0; i <= from.len && i <= to.len; i++) {
		bool from_ends = i == from.len || from.at[i] == '/';
		bool to_ends = i == to.len || to.at[i] == '/';

		if (from_ends && to_ends)
			same = i;
		if (i == from.len || i == to.len || from.at[i] != to.at[i])
			break;
	}
	*ups = from.len > same;
	for (i = same + 1; i < from.len; i++)
		*ups += from.at[i] == '/';
	return same;
}

int relative_target(struct arena *arena, struct text from, struct text to, struct text *ret)
{
	_strbuf_ struct strbuf path = {0};
	uint32_t ups;
	size_t same = common_part(from, to, &ups);
	struct text down = text_skip(to, same && same < to.len ? same + 1 : same);

	for (uint32_t i = 0; i < ups; i++)
		strbuf_adds(&path, i ? "/.." : "..");
	if (path.len && down.len)
		strbuf_addc(&path, '/');
	strbuf_add(&path, down);
	if (!path.len)
		strbuf_addc(&path, '.');
	return path.failed ? -ENOMEM : arena_text(arena, strbuf_text(&path), ret);
}
