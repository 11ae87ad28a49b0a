/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/legacy/legacy.h"

#include "parsers/boot/lines.h"

enum { MAX_CONFIGFILES = 4 }; /* one out of the other */

/* The entries of one file while the menu is being made. */
struct part {
	struct part *next;
	struct legacy_config config;
	struct menu_entry **entries;
	struct menu_entry **leads_to; /* what starts with each: itself, or a submenu's default */
	struct menu_entry **starts;   /* where this file's default goes */
	uint32_t count;
};

/* A file's part of the menu below `parent`, put in front of *parts. */
static int add_part(struct legacy *legacy, const struct legacy_config *config,
	struct menu_entry *parent, struct menu_entry **starts, struct part **parts);

/* The menu that a `configfile` opens, as a submenu of the entry that does it. */
static int add_submenu(struct legacy *legacy, const struct legacy_target *target, struct part *part,
	struct part **parts)
{
	struct menu_entry *heading = part->entries[part->count - 1];
	struct legacy_config config;
	int r = heading->depth < MAX_CONFIGFILES
			? legacy_read(legacy, target->volume, target->path, &config)
			: -ELOOP;

	if (r == -ENOMEM)
		return r;
	if (r) {
		entry_refuse(legacy->files, heading, "configfile %.*s: %s", TEXT_ARG(target->path),
			strerror(-r));
		return 0;
	}
	heading->submenu = true;
	heading->error = (struct text){0};
	return add_part(legacy, &config, heading, &part->leads_to[part->count - 1], parts);
}

static int add_entries(
	struct legacy *legacy, struct part *part, struct menu_entry *parent, struct part **parts)
{
	const struct legacy_title *title;
	int r = 0;

	for (title = part->config.titles; title && !r; title = title->next) {
		struct legacy_target target;
		struct menu_entry *entry =
			menu_add(legacy->files, legacy->menu, parent, part->count, &r);

		if (!entry)
			break;
		part->leads_to[part->count] = entry;
		part->entries[part->count++] = entry;
		r = legacy_run(legacy, &part->config, title, entry, &target);
		if (!r && target.volume)
			r = add_submenu(legacy, &target, part, parts);
	}
	return r == -EFBIG ? 0 : r;
}

static int add_part(struct legacy *legacy, const struct legacy_config *config,
	struct menu_entry *parent, struct menu_entry **starts, struct part **parts)
{
	struct arena *arena = legacy->files->arena;
	struct part *part = arena_new(arena, struct part);

	if (!part)
		return no_memory(legacy->err);
	part->config = *config;
	part->starts = starts;
	part->entries = arena_array(arena, config->count + 1, sizeof(struct menu_entry *));
	part->leads_to = arena_array(arena, config->count + 1, sizeof(struct menu_entry *));
	if (!part->entries || !part->leads_to)
		return no_memory(legacy->err);
	part->next = *parts;
	*parts = part;
	return add_entries(legacy, part, parent, parts);
}

/* The number of the entry that is chosen first, and why. */
static uint64_t first_choice(struct legacy *legacy, struct legacy_config *config)
{
	struct text content, path = path_join(legacy->files, config->volume,
				     path_folder(config->path), TEXT("default"));
	uint64_t number = config->default_entry;

	config->default_reason = TEXT("default");
	if (config->default_saved) {
		/* The file is a number, then lines of padding (stage2.c, savedefault). */
		number = 0;
		if (!files_read_all(legacy->files, config->volume, path, &content) &&
			legacy_number(text_first(content, 10), &number) &&
			!arena_printf(legacy->files->arena, &config->default_reason,
				"default saved in (%.*s)%.*s", TEXT_ARG(config->volume->name),
				TEXT_ARG(path)))
			return number;
		config->default_reason = TEXT("default saved, but nothing is");
	}
	return number;
}

static bool can_start(const struct menu_entry *entry)
{
	return entry->submenu || menu_entry_boots(entry);
}

/*
 * What boots unattended: the default, or where there is no such entry or it cannot boot the first
 * of `fallback` that can (seen in GRUB Legacy). Where nothing can it is the default, with its
 * error.
 */
static void choose(struct legacy *legacy, struct part *part)
{
	struct legacy_config *config = &part->config;
	uint64_t wanted = first_choice(legacy, config), number;

	if (!part->count)
		return;
	number = wanted < part->count ? wanted : 0;
	*part->starts = part->leads_to[number];
	if (wanted == number && can_start(part->entries[number]))
		return;
	for (uint32_t i = 0; i < config->n_fallback; i++) {
		uint64_t other = config->fallback[i];

		if (other >= part->count || !can_start(part->entries[other]))
			continue;
		if (arena_printf(legacy->files->arena, &config->default_reason,
			    "fallback %u, default %llu cannot boot", (unsigned)other,
			    (unsigned long long)wanted))
			config->default_reason = TEXT("fallback");
		*part->starts = part->leads_to[other];
		return;
	}
}

static int make_menu(struct legacy *legacy, const struct legacy_config *config)
{
	struct bootmenu *menu = legacy->menu;
	struct part *parts = NULL;
	int r = add_part(legacy, config, NULL, &menu->default_entry, &parts);

	menu_check_files(legacy->files, menu);
	/* Inner files stand in front: their defaults are known when an outer one needs them. */
	for (struct part *part = parts; part; part = part->next) {
		choose(legacy, part);
		menu->default_reason = part->config.default_reason;
	}
	if (menu->default_entry && menu->default_entry->submenu)
		menu->default_entry = NULL;
	menu->timeout_s = config->timeout_s;
	menu->timeout_style = config->hidden ? TEXT("hidden") : TEXT("menu");
	return r;
}

static int add_password(struct legacy *legacy, struct text password)
{
	struct menu_user *user = arena_new(legacy->files->arena, struct menu_user);

	if (!user)
		return no_memory(legacy->err);
	user->password = legacy_password(password);
	legacy->menu->edit_restricted = true;
	legacy->menu->users = user;
	return 0;
}

static int legacy_parse(struct files *files, const struct volume_info *volume, struct text path,
	struct bootmenu *menu, struct err *err)
{
	struct legacy legacy = {
		.files = files,
		.menu = menu,
		.err = err,
		.bytes_left = files->limits->max_config,
	};
	struct legacy_config config;
	int r = legacy_read(&legacy, volume, path, &config);

	menu_begin(files, menu, &parser_legacy, volume, path);
	if (r)
		return err_set(err, -r, "%.*s: %s", TEXT_ARG(path), strerror(-r));
	if (config.password.len)
		r = add_password(&legacy, config.password);
	if (!r)
		r = make_menu(&legacy, &config);
	return r;
}

/* A title and a command that only this language has, and no brace of GRUB 2. */
static bool legacy_recognise(struct text content)
{
	struct lines lines = {.rest = content};
	bool title = false;
	struct text word;

	while (lines_next(&lines)) {
		struct text line = lines.line;

		if (!text_word(&line, &word) || word.at[0] == '#')
			continue;
		word = text_first(word, text_find(word, '='));
		if (text_is(word, "menuentry") || text_is(word, "submenu"))
			return false;
		title |= text_is(word, "title");
		if (title && (text_is(word, "kernel") || text_is(word, "configfile") ||
				     text_is(word, "chainloader")))
			return true;
	}
	return false;
}

static const char *const places[] = {"/boot/grub/menu.lst", "/grub/menu.lst",
	"/boot/grub/grub.conf", "/grub/grub.conf", "/etc/grub.conf", "/menu.lst", "/grub.conf",
	NULL};

const struct parser parser_legacy = {
	.name = "grub",
	.title = "GRUB Legacy",
	.paths = places,
	.recognise = legacy_recognise,
	.parse = legacy_parse,
};
