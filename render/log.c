/* The file log. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render.h"

#include "core/escape.h"

#include <inttypes.h>

/* What stands behind the last slash: lines of `log` name a file by it. */
static struct text base_name(struct text path)
{
	size_t at = path.len;

	while (at && path.at[at - 1] != '/')
		at--;
	return text_skip(path, at);
}

static void render_report_line(struct strbuf *out, const struct report_line *line)
{
	strbuf_addf(out, "%-7s ", report_kind_name(line->kind));
	if (line->file.len) {
		escape_add(out, base_name(line->file));
		if (line->line)
			strbuf_addf(out, ":%" PRIu32, line->line);
		strbuf_adds(out, ": ");
	}
	escape_add(out, line->text);
	if (line->count > 1)
		strbuf_addf(out, " (%" PRIu32 " times)", line->count);
	strbuf_addc(out, '\n');
}

void render_error(struct strbuf *out, const struct inspection *inspection)
{
	if (!inspection->error.len)
		return;
	strbuf_adds(out, "error ");
	escape_add(out, inspection->error);
	strbuf_addc(out, '\n');
}

void render_log(struct strbuf *out, const struct inspection *inspection)
{
	const struct report *report = &inspection->report;
	const struct menu_entry *entry = inspection->menu.default_entry;

	for (const struct report_line *line = report->first; line; line = line->next)
		render_report_line(out, line);
	if (report->dropped)
		strbuf_addf(out, "note    %" PRIu32 " more lines are not kept\n", report->dropped);
	if (inspection->error.len)
		render_error(out, inspection);
	else if (entry)
		strbuf_addf(out, "result  entry %" PRId32 " boots\n", entry->index);
}
