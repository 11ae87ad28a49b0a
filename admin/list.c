/* bootfs list: a table of guests and what they boot. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/commands.h"

#include "admin/guests.h"
#include "admin/say.h"
#include "core/escape.h"
#include "pygrub/menu.h"
#include "pygrub/message.h"

/* ---- for people ------------------------------------------------------------------------------- */

enum { COLUMNS = 4 };

/* One line of the table; the last column is as long as it is. */
struct row {
	struct strbuf cell[COLUMNS];
	enum colour colour; /* of the status */
};

static void fill_row(const struct guest *guest, struct row *row)
{
	json_t *entry = guest_default(guest);
	struct text loader = menu_string(guest->menu, "loader");
	struct strbuf *last = &row->cell[3];

	*row = (struct row){.colour = GREEN};
	escape_add(&row->cell[0], text_of(guest->name));
	strbuf_adds(&row->cell[1], guest_boots(guest) ? "ok" : "error");
	strbuf_add(&row->cell[2], loader.len ? loader : TEXT("-"));
	if (!guest_boots(guest) && !guest_unused(guest).len) {
		row->colour = RED;
		message_add(last, guest_error(guest));
		return;
	}
	escape_add(last, entry ? menu_string(entry, "title") : TEXT("-"));
	if (guest->version)
		strbuf_addf(last, "  [%s]", guest->version);
	if (!guest_unused(guest).len)
		return;
	row->colour = YELLOW;
	strbuf_cut(&row->cell[1], 0);
	strbuf_adds(&row->cell[1], "unused");
	strbuf_adds(last, "  (");
	escape_add(last, guest_unused(guest));
	strbuf_addc(last, ')');
}

/* Characters, for the width of a column: bytes but those that continue one. */
static size_t width_of(const struct strbuf *cell)
{
	size_t width = 0;

	for (size_t i = 0; i < cell->len; i++)
		width += (cell->at[i] & 0xc0) != 0x80;
	return width;
}

static void add_row(struct strbuf *out, const struct row *row, const size_t *widths, bool colours)
{
	for (int i = 0; i < COLUMNS; i++) {
		size_t width = width_of(&row->cell[i]);

		add_coloured(
			out, colours, i == 1 ? row->colour : PLAIN, strbuf_text(&row->cell[i]));
		if (i + 1 == COLUMNS)
			break;
		for (; width < widths[i] + 2; width++)
			strbuf_addc(out, ' ');
	}
	strbuf_addc(out, '\n');
}

static void row_done(struct row *row)
{
	for (int i = 0; i < COLUMNS; i++)
		strbuf_done(&row->cell[i]);
}

static void add_table(struct strbuf *out, const struct guests *guests, bool colours)
{
	struct row *rows = calloc(guests->n + 1, sizeof(*rows));
	size_t widths[COLUMNS] = {0};

	if (!rows) {
		out->failed = -1;
		return;
	}
	rows[0].colour = PLAIN;
	for (int i = 0; i < COLUMNS; i++)
		strbuf_adds(&rows[0].cell[i],
			(const char *const[]){"DOMAIN", "STATUS", "LOADER", "DEFAULT"}[i]);
	for (size_t i = 0; i < guests->n; i++)
		fill_row(&guests->at[i], &rows[i + 1]);
	for (size_t i = 0; i <= guests->n; i++) {
		for (int c = 0; c < COLUMNS; c++) {
			size_t width = width_of(&rows[i].cell[c]);

			widths[c] = width > widths[c] ? width : widths[c];
		}
	}
	for (size_t i = 0; i <= guests->n; i++) {
		add_row(out, &rows[i], widths, colours);
		row_done(&rows[i]);
	}
	free(rows);
}

/* ---- for programs ----------------------------------------------------------------------------- */

static json_t *text_or_null(struct text text)
{
	return text.len ? json_stringn(text.at, text.len) : json_null();
}

static json_t *copy_or_null(json_t *object, const char *key)
{
	json_t *value = object ? json_object_get(object, key) : NULL;

	return value ? json_incref(value) : json_null();
}

static json_t *json_default(const struct guest *guest)
{
	json_t *entry = guest_default(guest);

	if (!entry)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "index", copy_or_null(entry, "index"),
		"path", copy_or_null(entry, "path"), "id", copy_or_null(entry, "id"), "title",
		copy_or_null(entry, "title"), "version", text_or_null(text_of(guest->version)),
		"cmdline", copy_or_null(entry, "cmdline"));
}

static json_t *json_guest(const struct guest *guest)
{
	json_t *warnings = json_object_get(guest->menu, "warnings");
	_strbuf_ struct strbuf error = {0};

	utf8_add_lossy(&error, guest_error(guest));
	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:I}", "domain",
		guest->is_image ? copy_or_null(guest->menu, "domain")
				: text_or_null(text_of(guest->name)),
		"image", guest->is_image ? text_or_null(text_of(guest->name)) : json_null(),
		"status", guest_boots(guest) ? "ok" : "error", "error",
		text_or_null(strbuf_text(&error)), "loader", copy_or_null(guest->menu, "loader"),
		"unused", text_or_null(guest_unused(guest)), "default", json_default(guest),
		"warnings", (json_int_t)json_array_size(warnings));
}

static void add_json(struct strbuf *out, const struct guests *guests)
{
	json_t *array = json_array(), *root;
	char *text;

	for (size_t i = 0; i < guests->n; i++)
		json_array_append_new(array, json_guest(&guests->at[i]));
	root = json_pack("{s:i, s:o}", "schema", 1, "domains", array);
	/* ASCII only, as menu.json: a terminal may see it. */
	text = root ? json_dumps(root, JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;
	if (text)
		strbuf_adds(out, text);
	else
		out->failed = -1;
	strbuf_addc(out, '\n');
	free(text);
	json_decref(root);
}

int command_list(const struct admin_options *options)
{
	_guests_ struct guests guests = {0};
	_strbuf_ struct strbuf out = {0}, faults = {0};
	size_t mistakes;
	_view_ struct view view = {0};

	if (!guests_open(options, &view, &guests))
		return STATUS_TROUBLE;
	if (options->json)
		add_json(&out, &guests);
	else
		add_table(&out, &guests, colours_wanted(STDOUT_FILENO));
	mistakes = view_mistakes(&view, &faults);
	if (mistakes)
		say("%zu mistakes in the configuration, their domains are not shown: bootfs "
		    "--check",
			mistakes);
	else if (!guests.n)
		say("%s", guests_none);
	return print_all(&out) ? STATUS_FINE : STATUS_TROUBLE;
}
