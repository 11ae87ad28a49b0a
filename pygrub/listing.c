/* What -l and --isconfig print. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/escape.h"
#include "pygrub/answer.h"
#include "pygrub/menu.h"

/* One line: a newline in a guest's title must not look like a line of ours. */
static void add_line(struct strbuf *out, const char *key, struct text value)
{
	strbuf_addf(out, "%s: ", key);
	if (value.len)
		escape_add(out, value);
	else
		strbuf_adds(out, "None");
	strbuf_addc(out, '\n');
}

static void list_entry(json_t *entry, const char *more, struct strbuf *out)
{
	_strbuf_ struct strbuf root = {0}, initrds = {0}, args = {0};
	struct text volume = menu_string(json_object_get(entry, "kernel"), "volume");

	if (volume.len) {
		strbuf_addc(&root, '(');
		strbuf_add(&root, volume);
		strbuf_addc(&root, ')');
	}
	menu_add_initrds(entry, &initrds);
	args_join(menu_string(entry, "cmdline"), more, &args);
	add_line(out, "title", menu_string(entry, "title"));
	add_line(out, "  root", strbuf_text(&root));
	add_line(out, "  kernel", menu_file_path(entry, "kernel"));
	add_line(out, "  args", strbuf_text(&args));
	add_line(out, "  initrd", strbuf_text(&initrds));
}

void menu_list(json_t *menu, const char *more, struct strbuf *out)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(menu, "entries"), i, entry)
	{
		if (json_is_integer(json_object_get(entry, "index")))
			list_entry(entry, more, out);
	}
}

void menu_describe(json_t *entry, const char *more, struct strbuf *out)
{
	_strbuf_ struct strbuf initrds = {0}, args = {0};

	menu_add_initrds(entry, &initrds);
	args_join(menu_string(entry, "cmdline"), more, &args);
	add_line(out, "  kernel", menu_file_path(entry, "kernel"));
	if (initrds.len)
		add_line(out, "  initrd", strbuf_text(&initrds));
	strbuf_adds(out, "  args: ");
	escape_add(out, strbuf_text(&args));
	strbuf_addc(out, '\n');
}
