/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/places.h"

#include "core/strbuf.h"
#include "inspect/answer/language.h"
#include "inspect/answer/machine.h"
#include "inspect/answer/named.h"
#include "parsers/boot/parser.h"

#include <errno.h>

/* A configuration that is there. */
struct found {
	const struct volume_info *volume;
	const struct parser *parser;
	struct text path;
	uint64_t identity;
	const struct grub_start *start; /* an installed GRUB 2 leads there; NULL: read as it is */
	const char *why_not;            /* it was read and is not good; NULL: it was not read */
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
	struct found found[MAX_OTHER_CONFIGS];
	uint32_t n_found;
	struct candidate best;  /* found NULL: none yet */
	struct guest_reads way; /* what was read for it */
	uint32_t places;
	struct installed installed;   /* title empty: nothing is installed */
	struct found installed_found; /* where it leads */
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
	/* What an installed GRUB looked for, it says itself. */
	if (found->start ? arena_text(files->arena, text_of(why), &candidate->failure)
			 : arena_printf(files->arena, &candidate->failure, "(%.*s)%.*s: %s",
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
	if (found->start)
		r = grub2_start(files, found->start, &ret->menu, &err);
	else
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
	int r;

	search->guest->reads.count = 0;
	r = read_menu(&search->guest->files, found, &now);
	if (r < 0)
		return r;
	if (!now.boots)
		found->why_not =
			now.menu.entries ? "none of its entries can boot" : "it has no entries";
	if (!is_better(&now, &search->best))
		return 0;
	search->best = now;
	search->way = search->guest->reads;
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
		is_known(search, parser, identity) || search->n_found == MAX_OTHER_CONFIGS)
		return 0;
	found = &search->found[search->n_found++];
	*found = (struct found){
		.volume = volume, .parser = parser, .path = path, .identity = identity};
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

static int try_places(struct search *search)
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

/* ---- the boot loader that is installed --------------------------------------------------------- */

/* A memdisk can be read while the boot loader that has it is followed. */
static int open_memdisk(struct search *search, const struct grub_start *start)
{
	int r = 0;

	if (start->memdisk.len)
		r = volumes_memdisk(&search->guest->volumes, TEXT("memdisk"), start->memdisk);
	return r == -ENOMEM ? r : 0;
}

static void close_memdisk(struct search *search)
{
	(void)!volumes_loopback_remove(&search->guest->volumes, TEXT("memdisk"));
}

/* Where an installed GRUB 2 begins: its volume may be found by its script only. */
static struct found start_of(struct search *search, const struct installed *installed)
{
	struct files *files = &search->guest->files;
	const struct volume_info *volume = files->ops->find(files, installed->grub.root);

	return (struct found){
		.volume = volume ? volume : files->ops->volume(files, 0),
		.parser = installed->language,
		.path = text_skip(
			installed->grub.prefix, text_find(installed->grub.prefix, ')') + 1),
		.start = &installed->grub,
	};
}

static struct found place_of(struct search *search, const struct installed *installed)
{
	if (installed->language == &parser_grub2)
		return start_of(search, installed);
	return (struct found){
		.volume = installed->volume,
		.parser = installed->language,
		.path = installed->path,
	};
}

/* Why the installed boot loader does not decide; the first reason stays. */
static int do_not_follow(struct search *search, struct text why)
{
	struct text *problem = &search->installed.problem;

	return problem->len ? 0 : arena_text(&search->guest->inspection->arena, why, problem);
}

static int follow_installed(struct search *search)
{
	struct installed *installed = &search->installed;
	struct parse_settings *settings = &search->guest->settings;
	struct found *found = &search->installed_found;
	int r = open_memdisk(search, &installed->grub);

	*found = place_of(search, installed);
	if (r < 0 || !found->volume)
		return r;
	settings->loader_flavour = installed->flavour;
	settings->loader_version = installed->version;
	r = read_found(search, found);
	settings->loader_flavour = settings->loader_version = (struct text){0};
	close_memdisk(search);
	if (r < 0 || search->best.boots)
		return r;
	if (search->best.failure.len)
		return do_not_follow(search, search->best.failure);
	return do_not_follow(search, text_of(found->why_not ? found->why_not : "it has no menu"));
}

/* Finds it, and settles $grub_platform where that is left to the disks. */
static int find_installed(struct search *search)
{
	struct guest *guest = search->guest;
	struct installed *installed = &search->installed;
	struct boot_machine machine;
	bool automatic = text_is(guest->question->platform, "auto");
	int r = machine_of_guest(guest, &machine);

	if (automatic)
		machine.platform = (struct text){0};
	if (r < 0)
		return r;
	r = installed_find(&machine, installed);
	if (r == -ENOMEM) {
		*installed = (struct installed){
			.place = TEXT("boot sectors, EFI programs"),
			.problem = TEXT("reading them needs more memory than allowed "
					"(inspect-memory)"),
		};
		return 0;
	}
	if (r > 0 && automatic)
		guest_set_platform(guest, text_of(installed->firmware));
	return r < 0 ? r : 0;
}

static bool is_installed(const struct search *search)
{
	return search->installed.place.len > 0;
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
		strbuf_adds(out, ", flavour ");
		strbuf_add(out, flavour_title(menu->flavour));
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

/* "installed: GRUB 2 (boot sector of hd0, core.img at sector 1 (hd0))" and what became of it. */
static void report_installed(const struct search *search)
{
	const struct installed *installed = &search->installed;
	bool problem = installed->problem.len > 0;
	_strbuf_ struct strbuf text = {0};

	if (!is_installed(search))
		return;
	strbuf_adds(&text, "installed: ");
	strbuf_add(&text, installed->title.len ? installed->title : TEXT("no known boot loader"));
	strbuf_adds(&text, " (");
	strbuf_add(&text, installed->place);
	strbuf_adds(&text, problem ? "), not followed: " : ")");
	strbuf_add(&text, installed->problem);
	report_add_text(&search->guest->inspection->report, problem ? REPORT_NOTE : REPORT_OK,
		(struct text){0}, 0, strbuf_text(&text));
}

static void report_other(struct report *report, const struct other_config *other)
{
	const char *fate = other->on_the_way ? "read on the way to the menu"
			   : other->is_next  ? "not used; the next that would be"
					     : "not used";

	report_add(report, REPORT_NOTE, "also found: (%.*s)%.*s (%.*s), %s%s%.*s",
		TEXT_ARG(other->volume), TEXT_ARG(other->path), TEXT_ARG(other->title), fate,
		other->why.len && !other->on_the_way ? ": " : "",
		other->on_the_way ? 0 : (int)other->why.len, other->why.len ? other->why.at : "");
}

/* Is it the file whose menu is shown? */
static bool is_the_menu(struct search *search, const struct found *found)
{
	struct files *files = &search->guest->files;
	const struct bootmenu *menu = &search->best.menu;
	struct file_stat stat;

	if (!text_equal(found->volume->name, menu->config_volume) ||
		files->ops->stat(files, found->volume, menu->config_path, &stat))
		return false;
	return found->identity == stat.identity;
}

/* -ENOMEM. */
static int list_others(struct search *search, struct bootmenu *menu)
{
	struct other_config **last = &menu->others;
	bool has_next = false;

	for (uint32_t i = 0; i < search->n_found; i++) {
		const struct found *found = &search->found[i];
		struct other_config *other;

		if (is_the_menu(search, found))
			continue;
		other = arena_new(&search->guest->inspection->arena, struct other_config);
		if (!other)
			return -ENOMEM;
		*other = (struct other_config){
			.volume = found->volume->name,
			.path = found->path,
			.title = text_of(found->parser->title),
			.why = text_of(found->why_not),
			.on_the_way = reads_have(&search->way, found->identity),
		};
		other->is_next = !has_next && !found->why_not && !other->on_the_way;
		has_next |= other->is_next;
		*last = other;
		last = &other->next;
	}
	return 0;
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
	inspection->menu.installed = (struct installed_loader){
		.title = search->installed.title,
		.place = search->installed.place,
		.problem = search->installed.problem,
	};
	if (list_others(search, &inspection->menu))
		return -ENOMEM;
	report_installed(search);
	report_menu(&inspection->report, &inspection->menu);
	for (const struct other_config *at = inspection->menu.others; at; at = at->next)
		report_other(&inspection->report, at);
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

	if (is_installed(search) && do_not_follow(search, TEXT("config = names another place")))
		return -ENOMEM;
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
	search->found[0] = (struct found){.volume = named.volume,
		.parser = parser,
		.path = named.path,
		.identity = named.stat.identity};
	return read_found(search, &search->found[0]);
}

/* The installed boot loader first; the places too, to tell of them or where it leads nowhere. */
static int try_everything(struct search *search)
{
	int r = 0;

	if (search->installed.language)
		r = follow_installed(search);
	return r < 0 ? r : try_places(search);
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
		r = find_installed(search);
	}
	if (r == 0)
		r = guest->question->policy.config.len ? try_config(search)
						       : try_everything(search);
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
