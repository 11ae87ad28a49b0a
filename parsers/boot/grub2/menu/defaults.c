/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entry $default and $fallback name, and what the log says of it. */
#include "parsers/boot/grub2/menu/menu.h"

#include "parsers/boot/grub2/script/number.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Is `name` what `spec` says, up to its end or to a > that is not doubled? */
static bool name_matches(struct text name, struct text spec)
{
	size_t n = 0, at = 0;

	for (;; n++, at++) {
		bool arrow = at < spec.len && spec.at[at] == '>';

		if (arrow && (at + 1 >= spec.len || spec.at[at + 1] != '>'))
			return n == name.len;
		at += arrow;
		if (n == name.len || at >= spec.len)
			return n == name.len && at >= spec.len;
		if (name.at[n] != spec.at[at])
			return false;
	}
}

/* ---- upstream's way ----------------------------------------------------------------------- */

/* A number at the start decides; only without one are titles and ids looked at. */
static bool upstream_position(const struct grub_menu *menu, struct text value, uint64_t *ret)
{
	const struct grub_item *item = menu->first;
	struct text rest;

	if (value.len && grub_number(value, 0, ret, &rest)) {
		*ret = (uint64_t)(int64_t)(int32_t)(uint32_t)*ret;
		return true;
	}
	/* Too large a number names nothing, not even an entry of that name. */
	if (value.len && !rest.at)
		return false;
	for (*ret = 0; item; item = item->next, ++*ret) {
		if (name_matches(item->title, value) || name_matches(item->id, value))
			return true;
	}
	return false;
}

/* ---- Fedora's way ------------------------------------------------------------------------- */

static size_t word_length(struct text value)
{
	size_t n = 0;

	while (n < value.len && !is_space(value.at[n]))
		n++;
	return n;
}

/* The number of bytes that match is the answer: what matches with none of them does not. */
static bool fedora_matches(struct text name, struct text spec)
{
	return name.len && name_matches(name, spec);
}

/*
 * An id counts against the value's first word; where it is that word and more follows, it is
 * found all the same (but not one of a single letter: so does GRUB).
 */
static bool id_matches(struct text id, struct text value, size_t word)
{
	if (id.len > word)
		return false;
	if (fedora_matches(id, value))
		return true;
	return id.len == word && word < value.len && id.len > 1 &&
	       fedora_matches(id, text_first(value, word));
}

/* First ids, then titles, then a number; *tail is what follows what was used. */
static bool fedora_position(
	const struct grub_menu *menu, struct text value, uint64_t *ret, struct text *tail)
{
	size_t word = word_length(value);
	const struct grub_item *item;

	*tail = text_skip(value, word);
	for (item = menu->first, *ret = 0; item; item = item->next, ++*ret) {
		if (id_matches(item->id, value, word))
			return true;
	}
	*tail = (struct text){0};
	for (item = menu->first, *ret = 0; item; item = item->next, ++*ret) {
		if (fedora_matches(item->title, value))
			return true;
	}
	return grub_number(value, 0, ret, tail) && (!tail->len || is_space(tail->at[0]));
}

uint32_t grub_default_position(struct grub *g, const struct grub_menu *menu, bool *named)
{
	const struct grub_var *var = grub_var_find(g, TEXT("default"));
	struct text tail;
	uint64_t position = 0;

	*named = false;
	if (!var)
		return 0;
	if (!g->fedora)
		*named = upstream_position(menu, var->value, &position);
	else
		*named = fedora_position(menu, var->value, &position, &tail) && !tail.len;
	*named = *named && position < menu->count;
	return *named ? (uint32_t)position : 0;
}

bool grub_default_rest(struct text value, struct text *ret)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] != '>')
			continue;
		if (i + 1 < value.len && value.at[i + 1] == '>') {
			i++;
			continue;
		}
		*ret = text_skip(value, i + 1);
		return ret->len > 0;
	}
	return false;
}

bool grub_fallback_next(
	struct grub *g, const struct grub_menu *menu, struct text *list, uint32_t *position)
{
	uint64_t number = 0;
	struct text tail;
	bool found;

	if (g->fedora)
		found = fedora_position(menu, *list, &number, &tail) &&
			(!tail.len || is_space(tail.at[0]));
	else
		found = grub_number(*list, 0, &number, &tail);
	if (!found || number >= menu->count || !list->len)
		return false;
	*position = (uint32_t)number;
	while (tail.len && is_space(tail.at[0]))
		tail = text_skip(tail, 1);
	*list = tail;
	return true;
}

/* ---- what is told ------------------------------------------------------------------------- */

static void record_timeout(struct grub *g)
{
	const struct grub_var *timeout = grub_var_find(g, TEXT("timeout"));
	struct text style = grub_var_get(g, "timeout_style"), rest;
	uint64_t seconds;

	g->out->timeout_s = -1;
	g->out->timeout_style = TEXT("menu");
	if (!timeout || !grub_number(timeout->value, 0, &seconds, &rest))
		return;
	g->out->timeout_s = (int32_t)(uint32_t)seconds;
	if (g->out->timeout_s < 0)
		g->out->timeout_s = -1;
	else if (text_is(style, "hidden"))
		g->out->timeout_style = TEXT("hidden");
	else if (text_is(style, "countdown"))
		g->out->timeout_style = TEXT("countdown");
}

static void record_reason(struct grub *g, bool named)
{
	const struct grub_var *var = grub_var_find(g, TEXT("default"));
	const char *but = named ? "" : ", which names no entry: first entry";
	struct bootmenu *out = g->out;
	const struct grub_origin *origin;
	int r;

	out->default_reason = TEXT("first entry");
	if (!var || !var->value.len)
		return;
	origin = &var->origin;
	if (origin->variable.len)
		r = arena_printf(out->arena, &out->default_reason, "%.*s in %.*s%s",
			TEXT_ARG(origin->variable), TEXT_ARG(origin->file), but);
	else
		r = arena_printf(out->arena, &out->default_reason, "set default in %.*s:%u%s",
			TEXT_ARG(grub_short_name(g, origin->file)), (unsigned)origin->line, but);
	if (r)
		grub_no_memory(g);
	if (!text_is(origin->variable, "next_entry"))
		return;
	out->one_shot = grub_keep(g, var->value);
	out->one_shot_file = grub_keep(g, origin->file);
}

void grub_defaults_record(struct grub *g, bool named)
{
	record_timeout(g);
	record_reason(g, named);
	g->out->edit_restricted = grub_var_find(g, TEXT("superusers"));
	g->out->superusers = grub_keep(g, grub_var_get(g, "superusers"));
}
