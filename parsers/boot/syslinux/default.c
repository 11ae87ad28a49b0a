/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which entry starts by itself, as the core of Syslinux 6.04 and its menu.c32 were seen to decide
 * (tests/system/test_real_loaders.py boots them), and as U-Boot does for ARM kernels.
 */
#include "parsers/boot/syslinux/syslinux.h"

#include "parsers/boot/lines.h"

static struct text first_word(struct text *line)
{
	struct text word;

	return text_word(line, &word) ? word : (struct text){0};
}

/* Is this what U-Boot reads, and not Syslinux? Only it starts ARM kernels. */
static bool is_u_boot(struct extlinux *ext)
{
	const struct ext_label *label;

	for (label = ext->labels; label; label = label->next) {
		if (label->entry && label->entry->kernel)
			return extlinux_is_arm(ext, label->entry->kernel);
	}
	return false;
}

/* Does the line name the label? The core compares first words, a menu and U-Boot all of it. */
static bool is_named(const struct extlinux *ext, const struct ext_label *label, struct text line)
{
	struct text label_line = label->label, word = first_word(&line);

	if (ext->u_boot)
		return false;
	return text_equal(word, ext->has_ui ? label->label : first_word(&label_line));
}

/*
 * The label that a line of DEFAULT or ONTIMEOUT names: as a whole where there is a menu or U-Boot, or
 * by its first word. *arguments is what is left then.
 */
const struct ext_label *extlinux_find(
	struct extlinux *ext, struct text line, bool hidden_too, struct text *arguments)
{
	const struct ext_label *label;

	*arguments = (struct text){0};
	for (label = ext->labels; (ext->has_ui || ext->u_boot) && label; label = label->next) {
		if ((hidden_too || !label->hidden) && text_equal(line, label->label))
			return label;
	}
	for (label = ext->labels; label; label = label->next) {
		if ((!hidden_too && label->hidden) || !is_named(ext, label, line))
			continue;
		*arguments = line;
		first_word(arguments);
		*arguments = text_trim(*arguments);
		return label;
	}
	return NULL;
}

/* A label as it stands in the menu; with arguments of the caller, as an entry of its own. */
static struct menu_entry *start_label(struct extlinux *ext, const struct ext_label *label,
	struct text line, struct text arguments)
{
	struct ext_label other = *label;

	if (!arguments.len)
		return label->entry ? label->entry : extlinux_make(ext, &ext->top, label);
	other.append = extlinux_join(ext, extlinux_append(ext, label), arguments);
	other.has_append = true;
	other.is_default = false;
	other.title = other.label = line;
	return extlinux_make(ext, &ext->top, &other);
}

static bool is_module(struct text line)
{
	struct text name = first_word(&line);

	return name.len > 4 && text_equal_nocase(text_skip(name, name.len - 4), TEXT(".c32"));
}

/* A line that names no label is a command line of its own: "DEFAULT vmlinuz root=/dev/sda1". */
static struct menu_entry *start_file(struct extlinux *ext, struct text line)
{
	struct ext_label label = {
		.label = line,
		.kernel = line,
		.kind_name = TEXT("default"),
		.has_append = true, /* the common APPEND is for labels */
	};
	struct text rest = line, name = first_word(&rest);
	struct text path = extlinux_path(ext, name);

	if (!name.len || is_module(name))
		return NULL;
	if (!files_is_regular(ext->files, ext->volume, path))
		return NULL;
	return extlinux_make(ext, &ext->top, &label);
}

/* What the core makes of a line. NULL: nothing. */
static struct menu_entry *start_line(struct extlinux *ext, struct text line)
{
	const struct ext_label *label;
	struct text arguments;

	if (!line.len)
		return NULL;
	label = extlinux_find(ext, line, true, &arguments);
	return label ? start_label(ext, label, line, arguments) : start_file(ext, line);
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

/* A menu starts the entry that is marked when nobody presses a key. */
static struct menu_entry *marked(struct extlinux *ext)
{
	const struct ext_label *label = NULL;
	struct text arguments;

	if (ext->default_label.len)
		label = extlinux_find(ext, ext->default_label, false, &arguments);
	return label ? label->entry : NULL;
}

/* The core asks what to start, and nobody answers: after a while that is ONTIMEOUT, or nothing. */
static struct menu_entry *unanswered(struct extlinux *ext)
{
	struct menu_entry *entry = NULL;

	if (ext->timeout || ext->total_timeout)
		entry = start_line(ext, ext->ontimeout);
	if (!entry && ext->default_label.len)
		report_add(ext->files->report, REPORT_WARNING,
			"default \"%.*s\" names neither a label nor a file",
			TEXT_ARG(ext->default_label));
	return entry;
}

/* The core has a prompt, and nothing to start: somebody must type what. */
static struct menu_entry *waits(struct extlinux *ext)
{
	if (ext->labels)
		report_add(ext->files->report, REPORT_WARNING,
			"nothing starts by itself: Syslinux waits at its prompt");
	return NULL;
}

static struct menu_entry *choose(struct extlinux *ext, const char **reason)
{
	struct menu_entry *entry = NULL;

	*reason = "ontimeout";
	if ((ext->has_ui || ext->prompt) && (ext->timeout || ext->total_timeout))
		entry = start_line(ext, ext->ontimeout);
	if (entry)
		return entry;
	*reason = "default";
	entry = ext->has_ui ? marked(ext) : start_line(ext, ext->default_label);
	if (entry)
		return entry;
	*reason = "ontimeout";
	entry = ext->has_ui ? NULL : unanswered(ext);
	if (entry)
		return entry;
	*reason = ext->default_label.len ? "the default names nothing" : "no DEFAULT and no UI";
	if (!ext->has_ui && !ext->u_boot)
		return waits(ext);
	*reason = ext->start->chosen ? "menu default" : "first entry";
	return innermost(ext, first_of(ext, ext->start->heading));
}

void extlinux_choose(struct extlinux *ext)
{
	const char *reason;

	/* With "DEFAULT menu.c32" the menu itself is what the core starts. */
	ext->has_ui |= is_module(ext->default_label);
	ext->u_boot = is_u_boot(ext);
	ext->bootmenu->default_entry = choose(ext, &reason);
	ext->bootmenu->default_reason = text_of(reason);
}
