/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/extlinux.h"

#include "parsers/lines.h"

enum { MAX_INCLUDES = 1024 };

static struct text first_word(struct text text)
{
	struct text word;

	return text_word(&text, &word) ? word : (struct text){0};
}

/* Does `wanted` name this label? As a whole, or as the core does it, by the first words. */
static bool names(struct text wanted, struct text label, bool whole)
{
	return whole ? text_equal(wanted, label)
		     : text_equal(first_word(wanted), first_word(label));
}

/* A label that is shown, or one that is hidden, which then is shown as the last. */
static struct menu_entry *find_label(struct extlinux *ext, struct text wanted, bool whole)
{
	struct menu_entry *entry;
	const struct ext_label *label;

	for (entry = ext->bootmenu->first; entry; entry = entry->next) {
		if (!entry->submenu && names(wanted, entry->id, whole))
			return entry;
	}
	if (ext->has_ui)
		return NULL;
	for (label = ext->hidden; label; label = label->next) {
		if (names(wanted, label->label, whole))
			return extlinux_make(ext, &ext->top, label);
	}
	return NULL;
}

static struct menu_entry *find(struct extlinux *ext, struct text wanted)
{
	struct menu_entry *entry;

	if (!wanted.len)
		return NULL;
	entry = find_label(ext, wanted, true);
	return entry ? entry : find_label(ext, wanted, false);
}

static bool is_module(struct text command)
{
	struct text name = first_word(command);

	return name.len > 4 && text_equal_nocase(text_skip(name, name.len - 4), TEXT(".c32"));
}

/* What a menu starts with: MENU DEFAULT or the first. */
static struct menu_entry *first_of(struct extlinux *ext, const struct menu_entry *heading)
{
	const struct ext_menu *menu = &ext->top;

	if (heading)
		menu = ext->menus;
	while (menu && menu->heading != heading)
		menu = menu->next;
	return menu && menu->chosen ? menu->chosen : menu_child(ext->bootmenu, heading, 0);
}

/* Goes down until it is no heading: a submenu that is chosen opens, and its default starts. */
static struct menu_entry *innermost(struct extlinux *ext, struct menu_entry *entry)
{
	for (int depth = 0; entry && entry->submenu && depth < MAX_MENU_DEPTH; depth++)
		entry = first_of(ext, entry);
	return entry && !entry->submenu ? entry : NULL;
}

/* DEFAULT that names no label is a command line of its own: "DEFAULT vmlinuz root=/dev/sda1". */
static struct menu_entry *implicit(struct extlinux *ext)
{
	struct ext_label label = {
		.label = ext->default_label,
		.kernel = ext->default_label,
		.kind_name = TEXT("default"),
	};
	struct text path =
		path_join(ext->files, ext->volume, ext->folder, first_word(ext->default_label));

	if (ext->has_ui || !ext->default_label.len || is_module(ext->default_label))
		return NULL;
	if (!files_is_regular(ext->files, ext->volume, path))
		return NULL;
	return extlinux_make(ext, &ext->top, &label);
}

static struct menu_entry *choose(struct extlinux *ext, const char **reason)
{
	struct menu_entry *entry = NULL;

	*reason = "ontimeout";
	if (ext->timeout || ext->total_timeout)
		entry = find(ext, ext->ontimeout);
	if (entry)
		return entry;
	*reason = "default";
	entry = find(ext, ext->default_label);
	if (!entry)
		entry = implicit(ext);
	if (entry)
		return entry;
	*reason = ext->start->chosen ? "menu default" : "first entry";
	return innermost(ext, first_of(ext, ext->start->heading));
}

static int finish(struct extlinux *ext)
{
	struct bootmenu *menu = ext->bootmenu;
	const char *reason;

	extlinux_record(ext);
	/* With "DEFAULT menu.c32" the menu itself is what the core starts. */
	ext->has_ui |= is_module(ext->default_label);
	menu->default_entry = choose(ext, &reason);
	menu->default_reason = text_of(reason);
	menu->timeout_s = ext->timeout ? (int64_t)((ext->timeout + 9) / 10) : -1;
	menu->timeout_style = ext->menu_hidden ? TEXT("hidden") : TEXT("menu");
	menu_check_files(ext->files, menu);
	return ext->problem == -ENOMEM ? no_memory(ext->err) : 0;
}

static int extlinux_parse(struct files *files, const struct volume_info *volume, struct text path,
	struct bootmenu *menu, struct err *err)
{
	struct extlinux ext = {
		.files = files,
		.bootmenu = menu,
		.err = err,
		.volume = volume,
		.folder = path_folder(path),
		.bytes_left = files->limits->max_config,
		.files_left = MAX_INCLUDES,
	};
	int r;

	ext.menu = ext.start = &ext.top;
	menu_begin(files, menu, &parser_extlinux, volume, path);
	r = extlinux_read(&ext, path);
	if (r)
		return err_set(err, -r, "%.*s: %s", TEXT_ARG(path), strerror(-r));
	return finish(&ext);
}

/* LABEL and a line that starts something. */
static bool extlinux_recognise(struct text content)
{
	struct lines lines = {.rest = content};
	bool label = false;
	struct text rest;

	while (lines_next(&lines)) {
		label |= text_keyword(lines.line, "label", &rest) && rest.len;
		if (label && (text_keyword(lines.line, "kernel", &rest) ||
				     text_keyword(lines.line, "linux", &rest)))
			return true;
	}
	return false;
}

static const char *const places[] = {"/boot/extlinux/extlinux.conf", "/boot/extlinux/syslinux.cfg",
	"/boot/syslinux/extlinux.conf", "/boot/syslinux/syslinux.cfg", "/extlinux/extlinux.conf",
	"/extlinux/syslinux.cfg", "/syslinux/extlinux.conf", "/syslinux/syslinux.cfg",
	"/boot/extlinux.conf", "/boot/syslinux.cfg", "/extlinux.conf", "/syslinux.cfg",
	"/boot/isolinux/isolinux.cfg", "/isolinux/isolinux.cfg", "/isolinux.cfg", NULL};

const struct parser parser_extlinux = {
	.name = "extlinux",
	.title = "extlinux/syslinux",
	.paths = places,
	.recognise = extlinux_recognise,
	.parse = extlinux_parse,
};
