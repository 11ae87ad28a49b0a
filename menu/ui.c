/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu/ui.h"

#include <errno.h>

void ui_say_time(const struct console *menu, struct strbuf *out)
{
	uint32_t item = menu->items->default_item;

	if (item == NO_ITEM)
		strbuf_adds(out, "The start fails, as there is no default entry,");
	else
		strbuf_add(out, menu->items->at[item].title);
	strbuf_addf(out, "%s in %lld s", item == NO_ITEM ? "" : " boots",
		(long long)((menu->left_ms + 999) / 1000));
}

void ui_print(const struct terminal *terminal, struct text text)
{
	while (text.len) {
		ssize_t n = write(terminal->out, text.at, text.len);

		if (n < 0 && errno != EINTR)
			return;
		text = text_skip(text, n > 0 ? (size_t)n : 0);
	}
}
