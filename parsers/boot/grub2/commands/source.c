/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that read files: source, configfile, normal, extract_entries_source, cat. */
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/commands/device.h"
#include "parsers/boot/grub2/menu/menu.h"

/* A file that was read, by place. */
struct grub_file_cache {
	struct grub_file_cache *next;
	const struct volume_info *volume;
	struct text path, content;
	int status;
};

static int status_of(int error)
{
	switch (error) {
	case 0:
		return GRUB_OK;
	case -ENOMEM:
		return GRUB_OUT_OF_MEMORY;
	case -ENOENT:
	case -ENOTDIR:
		return GRUB_NOT_FOUND;
	case -ENOTSUP:
		return GRUB_UNKNOWN_FS;
	case -EISDIR:
	case -EINVAL:
		return GRUB_BAD_FILE_TYPE;
	default:
		return GRUB_IO_ERROR;
	}
}

static struct grub_file_cache *cached(
	struct grub *g, const struct volume_info *volume, struct text path)
{
	struct grub_file_cache *at;
	int r;

	for (at = g->cache; at; at = at->next) {
		if (!grub_step(g, 1))
			return NULL;
		if (at->volume == volume && text_equal(at->path, path))
			return at;
	}
	at = arena_new(g->files->arena, struct grub_file_cache);
	if (!at || arena_text(g->files->arena, path, &at->path))
		return NULL;
	r = files_read_all(g->files, volume, path, &at->content);
	if (r == -EFBIG)
		grub_warn(g, "%.*s is larger than max-config: not read", TEXT_ARG(path));
	at->volume = volume;
	at->status = status_of(r);
	at->next = g->cache;
	g->cache = at;
	return at;
}

int grub_read_file(struct grub *g, struct text name, struct text *content,
	const struct volume_info **volume, struct text *path)
{
	struct grub_file_cache *file;
	int r = grub_file_locate(g, name, volume, path, NULL);

	if (r)
		return r;
	file = cached(g, *volume, *path);
	if (!file)
		return grub_no_memory(g);
	*content = file->content;
	*path = file->path;
	return file->status;
}

/* The place of the file while it is read; what was there before is put back. */
struct place {
	struct text file, folder;
	bool had_file, had_folder;
};

static int keep_variable(struct grub *g, const char *name, struct text *value, bool *had)
{
	const struct grub_var *var = grub_var_find(g, text_of(name));

	*had = var != NULL;
	*value = (struct text){0};
	return var ? grub_pool_text(&g->scratch, var->value, value) : 0;
}

static void restore_variable(struct grub *g, const char *name, struct text value, bool had)
{
	if (!had)
		grub_var_unset(g, text_of(name));
	else if (grub_var_set(g, text_of(name), value))
		grub_no_memory(g);
}

static int enter_place(struct grub *g, struct text full, struct place *place)
{
	struct text folder = full;

	while (folder.len && folder.at[folder.len - 1] != '/')
		folder.len--;
	folder.len -= folder.len > 0;
	if (keep_variable(g, "config_file", &place->file, &place->had_file) ||
		keep_variable(g, "config_directory", &place->folder, &place->had_folder) ||
		grub_var_set(g, TEXT("config_file"), full) ||
		grub_var_set(g, TEXT("config_directory"), folder) ||
		grub_var_export(g, TEXT("config_file")) ||
		grub_var_export(g, TEXT("config_directory")))
		return grub_no_memory(g);
	return GRUB_OK;
}

/* As scripts see it: a path without a device gets $root's. */
static struct text full_name(struct grub *g, struct text name)
{
	struct text root = grub_var_get(g, "root"), full;

	if (name.len && name.at[0] == '(')
		return grub_keep(g, name);
	if (arena_printf(g->files->arena, &full, "(%.*s)%.*s", TEXT_ARG(root), TEXT_ARG(name)))
		grub_no_memory(g);
	return g->stop ? (struct text){0} : full;
}

/* What is to be run: it lasts, for entries and functions of the file refer to it. */
static struct grub_text *make_script(
	struct grub *g, struct text content, const struct volume_info *volume, struct text path)
{
	struct grub_text *script = arena_new(g->files->arena, struct grub_text);

	if (!script) {
		grub_no_memory(g);
		return NULL;
	}
	*script = (struct grub_text){
		.text = content,
		.file = files_full_name(g->files, volume, path),
		.line = 1,
		.from_file = true,
		.whole = true,
		.lasting = true,
	};
	return script;
}

static bool is_open(const struct grub *g, const struct volume_info *volume, struct text path)
{
	const struct grub_source *source;
	const struct grub_open *open;

	for (open = g->open; open; open = open->outer) {
		for (source = open->sources; source; source = source->next) {
			if (source->volume == volume && text_equal(source->path, path))
				return true;
		}
	}
	return false;
}

/* The file is part of the menu that is being made. (What an entry reads when it runs is not.) */
static void note_source(struct grub *g, const struct volume_info *volume, struct text path)
{
	struct grub_source *source;

	if (!g->open || g->open->entry != g->entry || is_open(g, volume, path))
		return;
	source = arena_new(g->files->arena, struct grub_source);
	if (!source) {
		grub_no_memory(g);
		return;
	}
	source->volume = volume;
	source->path = path;
	source->next = g->open->sources;
	g->open->sources = source;
}

int grub_run_file(struct grub *g, struct text name)
{
	const struct volume_info *volume;
	struct text content, path, full;
	struct grub_text *script;
	struct place place;
	int r = grub_read_file(g, name, &content, &volume, &path);

	if (r)
		return r;
	script = make_script(g, content, volume, path);
	full = full_name(g, name);
	if (!script || enter_place(g, full, &place))
		return GRUB_OUT_OF_MEMORY;
	g->shown_volume = volume;
	g->shown_path = path;
	note_source(g, volume, path);
	grub_run_text(g, script);
	restore_variable(g, "config_file", place.file, place.had_file);
	restore_variable(g, "config_directory", place.folder, place.had_folder);
	return GRUB_OK;
}

static void report_unread(struct grub *g, const struct grub_call *call, int r)
{
	const char *why = r == GRUB_UNKNOWN_DEVICE ? "no such device"
			  : r == GRUB_NOT_FOUND    ? "not found"
						   : "cannot be read";

	if (r && r != GRUB_OUT_OF_MEMORY)
		grub_note(g, "%.*s: %.*s: %s", TEXT_ARG(call->name), TEXT_ARG(call->args[0]), why);
}

/* source and . - in the same context; what is wrong with the file does not fail the command. */
int grub_cmd_source(struct grub *g, const struct grub_call *call)
{
	const struct volume_info *volume = g->shown_volume;
	struct text path = g->shown_path;

	if (call->count != 1)
		return GRUB_BAD_ARGUMENT;
	report_unread(g, call, grub_run_file(g, call->args[0]));
	/* The menu stays that of the file with the command, where that is one of the guest's. */
	if (!volume || text_is(volume->name, "memdisk"))
		return GRUB_OK;
	g->shown_volume = volume;
	g->shown_path = path;
	return GRUB_OK;
}

/*
 * Opens the menu of a file, on top of those that are open. False: the file is part of one of them,
 * and a way back to that is no way to another entry.
 */
static bool open_menu(struct grub *g, struct text name, struct grub_open *open)
{
	const struct volume_info *volume;
	struct text path;

	*open = (struct grub_open){.outer = g->open, .entry = g->entry};
	if (!grub_file_locate(g, name, &volume, &path, NULL) && is_open(g, volume, path)) {
		grub_note(g, "the menu of %.*s is open already: not opened again", TEXT_ARG(path));
		grub_blame(g, "opens the menu of %.*s again", TEXT_ARG(path));
		return false;
	}
	/* cppcheck-suppress autoVariables */
	g->open = open; /* the caller takes it away again */
	return true;
}

/* Runs the file in a context of its own and shows its menu, from which GRUB does not return. */
int grub_cmd_configfile(struct grub *g, const struct grub_call *call)
{
	struct grub_menu menu = {0}, *outer = g->menu;
	struct grub_open open;

	if (call->count != 1)
		return GRUB_BAD_ARGUMENT;
	if (!open_menu(g, call->args[0], &open))
		return GRUB_OK;
	if (grub_context_open(g, g->fedora))
		return GRUB_OUT_OF_MEMORY;
	g->menu = &menu;
	report_unread(g, call, grub_run_file(g, call->args[0]));
	if (grub_menu_showable(g, &menu))
		grub_menu_show(g, &menu);
	g->open = open.outer;
	g->menu = outer;
	grub_context_close(g);
	return GRUB_OK;
}

/* normal: the same in the present context, entries added to those already there. */
int grub_cmd_normal(struct grub *g, const struct grub_call *call)
{
	struct text name;
	struct grub_menu menu = {0}, *outer = g->menu;
	struct grub_open open;

	if (call->count)
		name = call->args[0];
	else if (arena_printf(g->files->arena, &name, "%.*s/grub.cfg",
			 TEXT_ARG(grub_var_get(g, "prefix"))))
		return grub_no_memory(g);
	if (!open_menu(g, name, &open))
		return GRUB_OK;
	if (!outer)
		g->menu = &menu;
	if (grub_run_file(g, name))
		grub_note(g, "normal: %.*s cannot be read", TEXT_ARG(name));
	if (grub_menu_showable(g, g->menu))
		grub_menu_show(g, g->menu);
	g->open = open.outer;
	g->menu = outer;
	return GRUB_OK;
}

/*
 * extract_entries_source takes only the entries of a file, extract_entries_configfile shows them
 * at once. Few commands run meanwhile.
 */
int grub_cmd_extract(struct grub *g, const struct grub_call *call)
{
	bool show = text_ends(call->name, TEXT("configfile"));
	struct grub_menu menu = {0}, *outer = g->menu;
	int r;

	if (call->count != 1)
		return GRUB_BAD_ARGUMENT;
	if (grub_context_open(g, !show || g->fedora))
		return GRUB_OUT_OF_MEMORY;
	g->extracting++;
	g->menu = &menu;
	r = grub_run_file(g, call->args[0]);
	report_unread(g, call, r);
	if (show && grub_menu_showable(g, &menu))
		grub_menu_show(g, &menu);
	g->menu = outer;
	g->extracting--;
	grub_context_close(g);
	if (!show && outer)
		grub_menu_append(outer, &menu);
	return GRUB_OK;
}

/* file, and cat where it only prints: is the file there? */
static int find_argument(struct grub *g, const struct grub_call *call)
{
	const struct volume_info *volume;
	struct text name = {0}, path;

	for (uint32_t i = 0; i < call->count && !name.len; i++) {
		if (!text_starts(call->args[i], TEXT("--")))
			name = call->args[i];
	}
	return name.len ? grub_file_find(g, name, &volume, &path, NULL) : GRUB_BAD_ARGUMENT;
}

int grub_cmd_file(struct grub *g, const struct grub_call *call)
{
	return find_argument(g, call);
}

enum { MOST_CAT_BYTES = 511 }; /* what a file for cat --set may hold */

/* cat [--dos] FILE; EVE's and others' also cat --set VARIABLE FILE. */
int grub_cmd_cat(struct grub *g, const struct grub_call *call)
{
	static const struct grub_option known[] = {
		{"dos", 0, false, false}, {"set", 's', true, false}, {0}};
	struct grub_options options = {.known = known};
	const struct volume_info *volume;
	struct text content, path;
	int r = grub_options_parse(g, call, &options);

	if (r || options.count != 1)
		return r ? r : GRUB_BAD_ARGUMENT;
	if (!options.set[1])
		return grub_file_find(g, options.args[0], &volume, &path, NULL);
	r = grub_read_file(g, options.args[0], &content, &volume, &path);
	if (r)
		return r;
	if (!content.len || content.len > MOST_CAT_BYTES)
		return GRUB_IO_ERROR;
	while (content.len &&
		(content.at[content.len - 1] == '\n' || content.at[content.len - 1] == '\r'))
		content.len--;
	return grub_var_set(g, options.value[1], content);
}
