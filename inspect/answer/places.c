/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/places.h"

#include "core/strbuf.h"
#include "inspect/answer/language.h"
#include "inspect/answer/named.h"
#include "parsers/boot/parser.h"

#include <errno.h>

enum { MAX_FOUND = 64 }; /* configurations told of */

/* A configuration that is there. */
struct found {
	const struct volume_info *volume;
	const struct parser *parser;
	struct text path;
	uint64_t identity;
	const char *why_not; /* it was read and is not good; NULL: it was not read */
};

/* A menu that was read, with what its parser had to say. */
struct candidate {
	struct bootmenu menu;
	struct report report;
	const struct found *found;
	struct text failure; /* why it could not be read; empty: it was */
	bool boots;
};

struct search {
	struct guest *guest;
	struct found found[MAX_FOUND];
	uint32_t n_found;
	struct candidate best; /* found NULL: none yet */
	uint32_t places;
};

/* ---- reading one configuration ------------------------------------------------------------- */

static bool menu_boots(const struct bootmenu *menu)
{
	for (const struct menu_entry *entry = menu->first; entry; entry = entry->next) {
		if (menu_entry_boots(entry))
			return true;
	}
	return false;
}

/* A file that cannot be read is named all the same. */
static void read_failed(struct files *files, struct candidate *candidate, const char *why)
{
	const struct found *found = candidate->found;
	struct bootmenu *menu = &candidate->menu;

	menu->config_volume = found->volume->name;
	menu->config_path = found->path;
	menu->title = text_of(found->parser->title);
	if (arena_printf(files->arena, &candidate->failure, "(%.*s)%.*s: %s",
		    TEXT_ARG(found->volume->name), TEXT_ARG(found->path), why))
		candidate->failure = TEXT("no memory left (inspect-memory)");
	report_add_text(files->report, REPORT_WARNING, (struct text){0}, 0, candidate->failure);
}

/* Reads it into a menu and a report of their own. -ENOMEM only where nothing was read. */
static int read_menu(struct files *files, const struct found *found, struct candidate *ret)
{
	struct report *outer = files->report;
	struct err err = {0};
	int r;

	*ret = (struct candidate){.found = found};
	bootmenu_init(&ret->menu, files->arena);
	report_init(&ret->report, files->arena);
	ret->report.limit = outer->limit;
	files->report = &ret->report;
	r = found->parser->parse(files, found->volume, found->path, &ret->menu, &err);
	if (r < 0)
		read_failed(files, ret, err.text[0] ? err.text : strerror(-r));
	files->report = outer;
	bootmenu_number(&ret->menu);
	ret->boots = menu_boots(&ret->menu);
	return r == -ENOMEM && !ret->menu.total ? r : 0;
}

static bool is_better(const struct candidate *now, const struct candidate *best)
{
	if (!best->found || now->boots)
		return true;
	return now->menu.entries && !best->menu.entries;
}

static int read_found(struct search *search, struct found *found)
{
	struct candidate now;
	int r = read_menu(&search->guest->files, found, &now);

	if (r < 0)
		return r;
	if (!now.boots)
		found->why_not =
			now.menu.entries ? "none of its entries can boot" : "it has no entries";
	if (is_better(&now, &search->best))
		search->best = now;
	return 0;
}

/* ---- looking for configurations ------------------------------------------------------------- */

static int stop_at_first(void *context, struct text name)
{
	(void)context;
	(void)name;
	return 1;
}

/* Is there a file, or a folder that is not empty? */
static bool is_there(struct files *files, const struct parser *parser,
	const struct volume_info *volume, struct text path, uint64_t *identity)
{
	struct file_stat stat;

	if (files->ops->stat(files, volume, path, &stat) < 0)
		return false;
	*identity = stat.identity;
	if (!parser->folder)
		return stat.type == FILE_REGULAR;
	return stat.type == FILE_FOLDER &&
	       files->ops->list(files, volume, path, stop_at_first, NULL) == 1;
}

/* The same file under another name ("/boot -> ."), in the same language? */
static bool is_known(const struct search *search, const struct parser *parser, uint64_t identity)
{
	for (uint32_t i = 0; i < search->n_found; i++) {
		if (search->found[i].identity == identity && search->found[i].parser == parser)
			return true;
	}
	return false;
}

static int try_place(struct search *search, const struct parser *parser,
	const struct volume_info *volume, struct text path)
{
	struct found *found;
	uint64_t identity;

	search->places++;
	if (!is_there(&search->guest->files, parser, volume, path, &identity) ||
		is_known(search, parser, identity) || search->n_found == MAX_FOUND)
		return 0;
	found = &search->found[search->n_found++];
	*found = (struct found){volume, parser, path, identity, NULL};
	return search->best.boots ? 0 : read_found(search, found);
}

static int try_volume(struct search *search, struct volume *volume)
{
	const struct volume_info *info = guest_info_of(search->guest, volume);
	int r = info ? 0 : -ENOMEM;

	for (const struct parser *const *parser = parser_table; *parser && r == 0; parser++) {
		for (const char *const *path = (*parser)->paths; *path && r == 0; path++)
			r = try_place(search, *parser, info, text_of(*path));
	}
	return r;
}

static int try_everything(struct search *search)
{
	struct volume *order[MAX_VOLUMES];
	uint32_t count = search->guest->volumes.count;
	int r = 0;

	volumes_boot_order(&search->guest->volumes, order);
	for (uint32_t i = 0; i < count && r == 0; i++) {
		if (order[i]->fs)
			r = try_volume(search, order[i]);
	}
	return r;
}

/* ---- what was chosen ------------------------------------------------------------------------ */

/* "GRUB 2, 5 entries, platform xen, flavour Debian (no blscfg, no Fedora banner)" */
static void describe_menu(struct strbuf *out, const struct bootmenu *menu)
{
	strbuf_add(out, menu->title);
	strbuf_addf(out, ", %u %s", menu->entries, menu->entries == 1 ? "entry" : "entries");
	if (menu->platform.len && menu->flavour.len) {
		strbuf_adds(out, ", platform ");
		strbuf_add(out, menu->platform);
	}
	if (menu->flavour.len) {
		char first = menu->flavour.at[0];

		strbuf_adds(out, ", flavour ");
		strbuf_addc(out, first >= 'a' && first <= 'z' ? (char)(first - 'a' + 'A') : first);
		strbuf_add(out, text_skip(menu->flavour, 1));
	}
	if (menu->flavour_reason.len) {
		strbuf_adds(out, " (");
		strbuf_add(out, menu->flavour_reason);
		strbuf_addc(out, ')');
	}
}

static void report_menu(struct report *report, const struct bootmenu *menu)
{
	_strbuf_ struct strbuf text = {0};

	strbuf_adds(&text, "menu (");
	strbuf_add(&text, menu->config_volume);
	strbuf_addc(&text, ')');
	strbuf_add(&text, menu->config_path);
	strbuf_adds(&text, ": ");
	describe_menu(&text, menu);
	report_add_text(report, REPORT_OK, (struct text){0}, 0, strbuf_text(&text));
}

static void report_others(const struct search *search)
{
	for (uint32_t i = 0; i < search->n_found; i++) {
		const struct found *found = &search->found[i];

		if (found == search->best.found)
			continue;
		report_add(&search->guest->inspection->report, REPORT_NOTE,
			"also found: (%.*s)%.*s (%s), not used%s%s", TEXT_ARG(found->volume->name),
			TEXT_ARG(found->path), found->parser->title, found->why_not ? ": " : "",
			found->why_not ? found->why_not : "");
	}
}

static void report_join(struct report *to, const struct report *from)
{
	for (const struct report_line *line = from->first; line; line = line->next) {
		uint32_t before = to->lines;

		report_add_text(to, line->kind, line->file, line->line, line->text);
		if (to->lines > before)
			to->last->count = line->count;
	}
	to->dropped += from->dropped;
}

/* -ENOMEM. */
static int adopt(struct search *search)
{
	struct inspection *inspection = search->guest->inspection;
	const struct candidate *best = &search->best;

	inspection->menu = best->menu;
	report_menu(&inspection->report, &inspection->menu);
	report_others(search);
	report_join(&inspection->report, &best->report);
	if (!best->failure.len || best->menu.entries)
		return 0;
	return places_fail(search->guest->question, inspection, "%.*s", TEXT_ARG(best->failure));
}

/* ---- the place that the administrator names -------------------------------------------------- */

static int try_config(struct search *search)
{
	struct guest *guest = search->guest;
	struct text place = guest->question->policy.config, content = {0};
	const struct parser *parser;
	struct named named;

	if (!named_find(guest, place, NULL, false, &named))
		return places_fail(guest->question, guest->inspection,
			"config = %.*s: no such file on any volume that can be read",
			TEXT_ARG(place));
	if (named.stat.type == FILE_REGULAR)
		(void)!files_read_all(&guest->files, named.volume, named.path, &content);
	parser = language_of(named.path, content, named.stat.type == FILE_FOLDER);
	if (!parser)
		return places_fail(guest->question, guest->inspection,
			"config = %.*s: in no boot loader's language that is known",
			TEXT_ARG(place));
	search->n_found = 1;
	search->found[0] =
		(struct found){named.volume, parser, named.path, named.stat.identity, NULL};
	return read_found(search, &search->found[0]);
}

/* ---- the two questions ----------------------------------------------------------------------- */

int places_find_menu(struct guest *guest, struct err *err)
{
	struct search *search;
	int r;

	if (guest->question->policy.kernel.len)
		return named_find_menu(guest, err);
	search = arena_new(&guest->inspection->arena, struct search);
	r = search ? 0 : -ENOMEM;
	if (search) {
		search->guest = guest;
		r = guest->question->policy.config.len ? try_config(search)
						       : try_everything(search);
	}
	if (r < 0)
		return err_set(err, -r, "no memory left (inspect-memory)");
	if (search->best.found)
		r = adopt(search);
	else if (!guest->inspection->error.len)
		r = places_explain(guest, search->places);
	return r;
}

int places_read_bare(const struct question *question, struct inspection *inspection,
	struct text content, struct err *err)
{
	const struct parser *parser = language_of((struct text){0}, content, false);
	struct text path = {0};
	struct bare_config bare;
	struct candidate menu = {.boots = false};
	struct found found;
	int r = 0;

	if (!parser)
		return places_fail(
			question, inspection, "in no boot loader's language that is known");
	if (parser->folder)
		r = arena_printf(&inspection->arena, &path, "%s/config.conf", parser->paths[0]);
	else
		path = text_of(parser->paths[0]);
	bare_config_init(&bare, question, inspection, path, content);
	found = (struct found){
		.volume = &bare.volume,
		.parser = parser,
		.path = parser->folder ? text_of(parser->paths[0]) : path,
	};
	if (r == 0)
		r = read_menu(&bare.files, &found, &menu);
	if (r < 0)
		return err_set(err, -r, "no memory left (inspect-memory)");
	inspection->menu = menu.menu;
	report_menu(&inspection->report, &inspection->menu);
	report_join(&inspection->report, &menu.report);
	return 0;
}
