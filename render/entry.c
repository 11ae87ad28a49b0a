/* The small texts of an entry: title, id, path, command line, kernel.info. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render.h"

#include "core/escape.h"

void render_title(struct strbuf *out, const struct menu_entry *entry)
{
	escape_add(out, entry->title);
	strbuf_addc(out, '\n');
}

void render_id(struct strbuf *out, const struct menu_entry *entry)
{
	if (!entry->id.len)
		return;
	escape_add(out, entry->id);
	strbuf_addc(out, '\n');
}

void render_path(struct strbuf *out, const struct menu_entry *entry)
{
	char path[MAX_MENU_DEPTH * 11];

	menu_path_print(entry, path, sizeof(path));
	strbuf_addf(out, "%s\n", path);
}

void render_cmdline(struct strbuf *out, const struct menu_entry *entry)
{
	if (!entry->kernel)
		return;
	strbuf_add(out, entry->cmdline);
	strbuf_addc(out, '\n');
}

/* Line by line: the text's own line ends stay, everything else is escaped. */
void render_script(struct strbuf *out, const struct menu_entry *entry)
{
	struct text rest = entry->script, line;

	while (text_cut(&rest, '\n', &line)) {
		size_t at;

		while ((at = text_find(line, '\t')) < line.len) {
			escape_add(out, text_first(line, at));
			strbuf_addc(out, '\t');
			line = text_skip(line, at + 1);
		}
		escape_add(out, line);
		strbuf_addc(out, '\n');
	}
}

static void info_line(struct strbuf *out, const char *name, struct text value)
{
	if (!value.len)
		return;
	strbuf_addf(out, "%s ", name);
	escape_add(out, value);
	strbuf_addc(out, '\n');
}

void render_kernel_info(struct strbuf *out, const struct menu_entry *entry)
{
	static const struct text answers[] = {
		[XEN_UNKNOWN] = {0}, [XEN_NO] = {"no", 2}, [XEN_YES] = {"yes", 3}};
	const struct kernel_info *info = &entry->kernel_info;

	info_line(out, "format", info->format);
	info_line(out, "version", info->version);
	info_line(out, "compression", info->compression);
	info_line(out, "xen-pv", answers[info->xen_pv]);
	info_line(out, "xen-pvh", answers[info->xen_pvh]);
}
