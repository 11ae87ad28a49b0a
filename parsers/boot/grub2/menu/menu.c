/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/menu/menu.h"

#include "core/checked.h"

#include <inttypes.h>

void grub_menu_append(struct grub_menu *to, struct grub_menu *from)
{
	if (!from->first)
		return;
	if (to->last)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->count += from->count;
}

struct grub_item *grub_menu_add(struct grub *g)
{
	struct grub_item *item;

	if (g->items >= g->files->limits->max_entries) {
		if (!g->entries_full)
			grub_warn(g,
				"more than %" PRIu32
				" entries (bound: max-entries); the rest is not shown",
				g->files->limits->max_entries);
		g->entries_full = true;
		return NULL;
	}
	item = arena_new(g->files->arena, struct grub_item);
	if (!item) {
		grub_no_memory(g);
		return NULL;
	}
	if (g->menu->last)
		g->menu->last->next = item;
	else
		g->menu->first = item;
	g->menu->last = item;
	g->menu->count++;
	g->items++;
	return item;
}

/* ---- running one entry -------------------------------------------------------------------- */

/* All that an entry can change, to be put back behind it. */
struct state {
	struct grub before;
	struct grub_undo *undo;
	struct grub_mark lasting;
};

static void state_enter(struct grub *g, struct state *state)
{
	uint64_t share = g->files->limits->max_steps / 8;

	state->before = *g;
	state->lasting = grub_pool_mark(&g->lasting);
	state->undo = grub_vars_mark(g);
	g->depth = g->loop_depth = g->breaks = g->extracting = 0;
	g->continuing = g->returning = g->booted = false;
	g->max_steps = min_u64(g->max_steps, g->steps + share);
}

static void state_leave(struct grub *g, struct state *state)
{
	struct grub after = *g;

	while (g->vars != state->before.vars)
		grub_context_close(g);
	grub_vars_restore(g, state->undo);
	*g = state->before;
	/* What is not the entry's: memory, work done, what was found. */
	g->scratch = after.scratch;
	g->lasting = after.lasting;
	grub_pool_release(&g->lasting, state->lasting);
	g->word = after.word;
	g->steps = after.steps;
	g->items = after.items;
	g->leaves = after.leaves;
	g->cache = after.cache;
	g->loop_volumes = after.loop_volumes;
	g->script_bytes = after.script_bytes;
	g->entries_full = after.entries_full;
	g->memory_out = after.memory_out;
	g->chosen = after.chosen;
	if (after.stop == STOP_MEMORY || (after.stop == STOP_STEPS && g->steps >= g->max_steps))
		g->stop = after.stop;
}

/* chosen=a>b: the ids of the entries on the way, a > in them doubled. */
static void set_chosen(struct grub *g, struct text id, struct text outer)
{
	struct strbuf *buf = &g->word;

	strbuf_cut(buf, 0);
	if (outer.len) {
		strbuf_add(buf, outer);
		strbuf_addc(buf, '>');
	}
	for (size_t i = 0; i < id.len; i++) {
		if (id.at[i] == '>')
			strbuf_addc(buf, '>');
		strbuf_addc(buf, id.at[i]);
	}
	if (buf->failed || grub_var_set(g, TEXT("chosen"), strbuf_text(buf)) ||
		grub_var_export(g, TEXT("chosen")))
		grub_no_memory(g);
	strbuf_cut(buf, 0);
}

static void set_default_inside(struct grub *g, struct text value)
{
	struct text rest;

	if (grub_default_rest(value, &rest)) {
		if (grub_var_set(g, TEXT("default"), rest))
			grub_no_memory(g);
	} else if (!g->fedora) {
		grub_var_unset(g, TEXT("default"));
	}
}

/* Runs the item's commands as GRUB does when it is chosen. */
static int run_body(struct grub *g, const struct grub_item *item, struct grub_menu *menu)
{
	struct grub_mark mark = grub_pool_mark(&g->scratch);
	struct text chosen, value, *args;
	int r;

	args = grub_pool_alloc(&g->scratch, (item->count + 1) * sizeof(*args));
	if (!args || grub_pool_text(&g->scratch, grub_var_get(g, "chosen"), &chosen) ||
		grub_pool_text(&g->scratch, grub_var_get(g, "default"), &value))
		return grub_no_memory(g);
	memcpy(args, item->args, item->count * sizeof(*args));
	grub_var_unset(g, TEXT("timeout"));
	if (item->submenu && grub_context_open(g, g->fedora))
		return GRUB_OUT_OF_MEMORY;
	g->menu = menu;
	set_chosen(g, item->id, chosen);
	set_default_inside(g, value);
	if (item->setparams) {
		g->status = GRUB_OK;
		g->has_status = true;
	}
	r = grub_run_scoped(g, &item->body, args, item->count);
	grub_pool_release(&g->scratch, mark);
	return r;
}

static void fill_entry(struct grub *g, const struct grub_item *item, struct menu_entry *entry)
{
	entry->title = item->title;
	entry->id = item->id;
	entry->submenu = item->submenu;
	entry->users = item->users;
	entry->restricted = item->restricted && grub_var_find(g, TEXT("superusers"));
	entry->config = item->file;
	entry->config_line = item->line;
	entry->script = item->script;
}

static void set_place(struct grub *g, struct menu_entry *entry, uint32_t position)
{
	const struct menu_entry *outer = g->entry;

	if (outer) {
		memcpy(entry->path, outer->path, sizeof(entry->path));
		entry->depth = outer->depth;
	}
	entry->path[entry->depth++] = position;
}

static void say_bound(struct grub *g, struct menu_entry *entry, int status)
{
	if (g->stop == STOP_STEPS)
		entry->error = TEXT("its script is stopped at the bound max-steps");
	else if (g->stop == STOP_MEMORY)
		entry->error = TEXT("its script needs more memory than there is");
	else if (status == GRUB_RECURSION)
		entry->error = TEXT("its commands call each other too deep");
}

/* A foreign entry as ours, at another place of the menu. */
static struct menu_entry *adopt(
	struct grub *g, const struct menu_entry *from, const struct menu_entry *above)
{
	struct menu_entry *entry, *next;
	uint32_t below = from->depth - 1;

	if (above->depth + below > MAX_MENU_DEPTH)
		return NULL;
	entry = bootmenu_add(g->out, g->files->limits->max_entries);
	if (!entry)
		return NULL;
	next = entry->next;
	*entry = *from;
	entry->next = next;
	memcpy(entry->path, above->path, sizeof(entry->path));
	memcpy(entry->path + above->depth, from->path + 1, below * sizeof(entry->path[0]));
	entry->depth = above->depth + below;
	g->leaves += !entry->submenu;
	return entry;
}

/* A foreign item with all that stands below it in its own menu. */
static struct menu_entry *show_foreign(
	struct grub *g, const struct grub_item *item, uint32_t position)
{
	const struct menu_entry *from = item->foreign;
	struct menu_entry place = {.depth = 0}, *entry, *chosen = NULL;

	if (g->entry) {
		memcpy(place.path, g->entry->path, sizeof(place.path));
		place.depth = g->entry->depth;
	}
	if (place.depth >= MAX_MENU_DEPTH)
		return NULL;
	place.path[place.depth++] = position;
	do {
		entry = adopt(g, from, &place);
		if (from == item->foreign_default || from == item->foreign)
			chosen = entry;
		from = from->next;
	} while (from && from->depth > 1);
	return chosen && !chosen->submenu ? chosen : NULL;
}

/* Does GRUB boot when the commands of an item have run with this status? */
static bool boots_at_once(const struct grub *g, int status)
{
	return g->loaded.loader.len && !g->stop && (!g->fedora || status == GRUB_OK);
}

/* What came of an item. */
struct outcome {
	struct menu_entry *boots; /* when the item is the one that is chosen; may have an error */
	bool ended;               /* its commands ended without an error */
};

/* One item with all below it. */
static struct outcome show_item(struct grub *g, const struct grub_item *item, uint32_t position)
{
	struct grub_menu menu = {0};
	struct menu_entry *entry;
	struct state state;
	int r;

	if (item->foreign)
		return (struct outcome){.boots = show_foreign(g, item, position)};
	entry = bootmenu_add(g->out, g->files->limits->max_entries);
	if (!entry)
		return (struct outcome){0};
	fill_entry(g, item, entry);
	set_place(g, entry, position);
	if (g->stop) {
		say_bound(g, entry, GRUB_OK);
		g->leaves += !entry->submenu;
		return (struct outcome){.boots = entry};
	}
	state_enter(g, &state);
	g->entry = entry;
	g->chosen = NULL;
	if (grub_loaded_copy(g, &g->loaded))
		r = GRUB_OUT_OF_MEMORY;
	else
		r = run_body(g, item, &menu);
	/* A kernel that is loaded boots before the submenu is shown. */
	if (item->submenu && (g->booted || boots_at_once(g, r)))
		entry->submenu = false;
	else if (item->submenu && grub_menu_showable(g, &menu))
		grub_menu_show(g, &menu);
	if (!entry->submenu)
		grub_loaded_record(g, entry, r, g->booted);
	if (!entry->submenu && g->stop != STOP_SHOWN)
		say_bound(g, entry, r);
	g->leaves += !entry->submenu;
	state_leave(g, &state);
	return (struct outcome){entry->submenu ? g->chosen : entry, r == GRUB_OK};
}

/* ---- showing a menu ----------------------------------------------------------------------- */

static bool outcome_boots(const struct outcome *outcome)
{
	return outcome->boots && menu_entry_boots(outcome->boots);
}

/*
 * $default, or the first of $fallback that can boot where the default cannot. Fedora's GRUB goes on
 * to the next one only when an entry ended with an error, upstream's whenever it came back.
 */
static struct menu_entry *choose(struct grub *g, const struct grub_menu *menu,
	const struct outcome *result, uint32_t position, struct text fallback)
{
	const struct outcome *at = &result[position];
	uint32_t next;

	if (outcome_boots(at))
		return at->boots;
	while (!(g->fedora && at->ended) && grub_fallback_next(g, menu, &fallback, &next)) {
		at = &result[next];
		if (!outcome_boots(at))
			continue;
		if (g->entry == NULL)
			g->out->default_reason = TEXT("fallback, the default cannot boot");
		return at->boots;
	}
	return result[position].boots;
}

static bool show_entries(struct grub *g, struct grub_menu *menu, struct outcome *result)
{
	const struct grub_item *item = menu->first;

	for (uint32_t i = 0; item; item = item->next, i++) {
		result[i] = show_item(g, item, i);
		if (!result[i].boots && !item->submenu &&
			g->out->total >= g->files->limits->max_entries)
			return false;
	}
	return true;
}

bool grub_menu_showable(const struct grub *g, const struct grub_menu *menu)
{
	if (!menu->count || g->stop == STOP_SHOWN)
		return false;
	/* Where a bound ended the reading, what was read is shown all the same. */
	return !g->entry || !g->stop;
}

/* Reading is over: the bounds begin anew for running what was read. */
static void end_reading(struct grub *g)
{
	g->stop = STOP_NOT;
	g->steps = 0;
	g->max_memory = g->files->arena->limit / 4 * 3;
	if (g->shown_volume) {
		g->out->config_volume = g->shown_volume->name;
		g->out->config_path = g->shown_path;
	}
}

void grub_menu_show(struct grub *g, struct grub_menu *menu)
{
	struct grub_mark mark = grub_pool_mark(&g->scratch);
	struct outcome *result;
	struct text fallback;
	uint32_t position;
	bool named;

	if (g->entry && g->entry->depth >= MAX_MENU_DEPTH) {
		grub_warn(g, "more than %d submenus inside each other", MAX_MENU_DEPTH - 1);
		return;
	}
	if (g->entry)
		g->entry->submenu = true;
	else
		end_reading(g);
	position = grub_default_position(g, menu, &named);
	if (!g->entry)
		grub_defaults_record(g, named);
	result = grub_pool_alloc(&g->scratch, menu->count * sizeof(*result));
	if (!result || grub_pool_text(&g->scratch, grub_var_get(g, "fallback"), &fallback)) {
		grub_no_memory(g);
		return;
	}
	memset(result, 0, menu->count * sizeof(*result));
	show_entries(g, menu, result);
	g->chosen = choose(g, menu, result, position, fallback);
	grub_pool_release(&g->scratch, mark);
	if (g->stop == STOP_NOT)
		g->stop = STOP_SHOWN;
}
