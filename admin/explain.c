/* bootfs explain: shows how bootfs found a menu. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/commands.h"

#include "admin/guests.h"
#include "admin/say.h"
#include "pygrub/tree.h"

#include <errno.h>

enum { LOG_BYTES = 64 << 20, INFO_BYTES = 1 << 20 };

/* The colour of a line of `log` by its first word. */
static enum colour colour_of(struct text line)
{
	static const struct {
		const char *word;
		enum colour colour;
	} words[] = {{"ok", GREEN}, {"note", PLAIN}, {"warning", YELLOW}, {"error", RED},
		{"result", BOLD}};
	struct text first = text_first(line, text_find(line, ' '));

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (text_is(first, words[i].word))
			return words[i].colour;
	}
	return PLAIN;
}

static void add_log(struct strbuf *out, struct text log, bool colours)
{
	struct text line;

	while (text_cut(&log, '\n', &line)) {
		size_t word = text_find(line, ' ');

		add_coloured(out, colours, colour_of(line), text_first(line, word));
		strbuf_add(out, text_skip(line, word));
		strbuf_addc(out, '\n');
	}
}

/* What the default entry's kernel says of itself, each line with "kernel" in front. */
static void add_kernel_info(struct strbuf *out, int folder)
{
	_strbuf_ struct strbuf info = {0};
	struct text rest, line;

	if (tree_read(folder, "default/kernel.info", INFO_BYTES, &info))
		return;
	rest = strbuf_text(&info);
	while (text_cut(&rest, '\n', &line)) {
		strbuf_adds(out, "kernel  ");
		strbuf_add(out, line);
		strbuf_addc(out, '\n');
	}
}

static int explain(const struct guest *guest, struct err *err)
{
	_strbuf_ struct strbuf log = {0}, out = {0};
	int r;

	if (guest->folder < 0 || (!guest->menu && guest->err.code != ENOENT))
		return err_set(err, EIO, "%s", guest->err.text);
	r = tree_read(guest->folder, "log", LOG_BYTES, &log);
	if (r) {
		errno = -r;
		return err_set(err, -r, "%s: cannot read its log: %m", guest->name);
	}
	add_log(&out, strbuf_text(&log), colours_wanted(STDOUT_FILENO));
	add_kernel_info(&out, guest->folder);
	return print_all(&out) ? 0 : -EIO;
}

int command_explain(const struct admin_options *options)
{
	_guests_ struct guests guests = {0};
	_view_ struct view view = {0};
	struct err err = {0};

	if (!guests_open(options, &view, &guests))
		return STATUS_TROUBLE;
	if (explain(&guests.at[0], &err)) {
		if (err.code)
			say("%s", err.text);
		return STATUS_TROUBLE;
	}
	return guest_boots(&guests.at[0]) ? STATUS_FINE : STATUS_FAULTS;
}
