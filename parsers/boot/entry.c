/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/entry.h"

#include <stdarg.h>
#include <stdio.h>

int no_memory(struct err *err)
{
	return err_set(err, ENOMEM, "the configuration needs more memory than is allowed");
}

void menu_begin(struct files *files, struct bootmenu *menu, const struct parser *parser,
	const struct volume_info *volume, struct text path)
{
	menu->loader = text_of(parser->name);
	menu->title = text_of(parser->title);
	menu->platform = files->settings->platform;
	menu->config_volume = volume->name;
	menu->config_path = path;
}

struct menu_entry *menu_add(struct files *files, struct bootmenu *menu,
	const struct menu_entry *parent, uint32_t place, int *problem)
{
	struct menu_entry *entry;

	if (parent && parent->depth >= MAX_MENU_DEPTH) {
		*problem = -EFBIG;
		report_add(files->report, REPORT_WARNING,
			"submenus nested deeper than %d: the rest is left out", MAX_MENU_DEPTH);
		return NULL;
	}
	entry = bootmenu_add(menu, files->limits->max_entries);
	if (!entry) {
		*problem = menu->total >= files->limits->max_entries ? -EFBIG : -ENOMEM;
		report_add(files->report, REPORT_WARNING,
			"more than %u entries: the rest is left out", menu->total);
		return NULL;
	}
	if (parent)
		memcpy(entry->path, parent->path, sizeof(entry->path));
	entry->depth = parent ? parent->depth : 0;
	entry->path[entry->depth++] = place;
	return entry;
}

struct boot_file *entry_add_file(struct files *files, struct boot_file **list,
	const struct volume_info *volume, struct text path)
{
	struct boot_file *file = boot_file_add(files->arena, list);

	if (file) {
		file->volume = volume->name;
		file->path = path;
	}
	return file;
}

/* The length of "password_pbkdf2", "password" or "passwd" at the start; 0: none of them. */
static size_t password_word(struct text text)
{
	static const char *const words[] = {"password_pbkdf2", "password", "passwd"};

	if (!text.len || (text.at[0] | 0x20) != 'p')
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct text word = text_of(words[i]);

		if (text_equal_nocase(text_first(text, word.len), word))
			return word.len;
	}
	return 0;
}

static bool has_password(struct text script)
{
	for (size_t i = 0; i < script.len; i++) {
		if (password_word(text_skip(script, i)))
			return true;
	}
	return false;
}

struct text entry_script(struct files *files, struct text script, const char *ends)
{
	size_t n = 0, at = 0, word;
	char *copy;

	if (!has_password(script))
		return script;
	copy = arena_alloc(files->arena, script.len + 1);
	if (!copy)
		return (struct text){0};
	while (at < script.len) {
		word = password_word(text_skip(script, at));
		memcpy(copy + n, script.at + at, word ? word : 1);
		n += word ? word : 1;
		at += word ? word : 1;
		while (word && at < script.len && !(script.at[at] && strchr(ends, script.at[at])))
			at++;
	}
	return (struct text){copy, n};
}

void entry_refuse(struct files *files, struct menu_entry *entry, const char *format, ...)
{
	char text[512];
	va_list args;

	if (entry->error.len)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (arena_text(files->arena, text_of(text), &entry->error))
		entry->error = TEXT("no memory left");
}

struct text path_folder(struct text path)
{
	size_t len = path.len;

	while (len && path.at[len - 1] != '/')
		len--;
	return len > 1 ? text_first(path, len - 1) : TEXT("/");
}

/* Writes the parts of `path` behind what stands in `out`; with `up` a ".." removes one. */
static size_t put_parts(char *out, size_t used, struct text path, bool up)
{
	struct text part;

	while (text_cut(&path, '/', &part)) {
		if (!part.len || text_is(part, "."))
			continue;
		if (up && text_is(part, "..")) {
			while (used && out[--used] != '/')
				;
			continue;
		}
		out[used++] = '/';
		memcpy(out + used, part.at, part.len);
		used += part.len;
	}
	return used;
}

static struct text join(struct files *files, struct text folder, struct text path, bool up)
{
	char *out = arena_array(files->arena, 1, folder.len + path.len + 4);
	size_t used = 0;

	if (!out)
		return (struct text){0};
	if (!path.len || path.at[0] != '/')
		used = put_parts(out, used, folder, up);
	used = put_parts(out, used, path, up);
	if (!used)
		out[used++] = '/';
	return (struct text){out, used};
}

struct text path_join(
	struct files *files, const struct volume_info *volume, struct text folder, struct text path)
{
	struct text as_written = join(files, folder, path, false);
	struct text shorter = join(files, folder, path, true);
	struct file_stat before, after;

	if (text_equal(as_written, shorter))
		return as_written;
	if (files->ops->stat(files, volume, as_written, &before) ||
		files->ops->stat(files, volume, shorter, &after) ||
		before.identity != after.identity)
		return as_written;
	return shorter;
}

/* ---- do the files exist? ------------------------------------------------------------------ */

static void file_is_wrong(struct files *files, struct menu_entry *entry,
	const struct boot_file *file, const char *what, const char *problem)
{
	entry_refuse(files, entry, "%s %s: %.*s", what, problem, TEXT_ARG(file->path));
}

static void check_file(struct files *files, struct menu_entry *entry, const struct boot_file *file,
	const char *what)
{
	const struct volume_info *volume = files->ops->find(files, file->volume);
	struct file_stat stat;
	int r;

	r = volume ? files->ops->stat(files, volume, file->path, &stat) : -ENODEV;
	if (!r && stat.type == FILE_REGULAR)
		return;
	if (r == -ENOENT || r == -ENOTDIR) {
		file_is_wrong(files, entry, file, what, "missing");
		report_add(files->report, REPORT_WARNING, "entry %d: %.*s not found on %.*s",
			entry->index, TEXT_ARG(file->path), TEXT_ARG(file->volume));
		return;
	}
	if (r == -ENODEV)
		entry_refuse(
			files, entry, "%s: no such device: %.*s", what, TEXT_ARG(file->volume));
	else if (r == -ENOTSUP)
		entry_refuse(files, entry, "%s: %.*s %s", what, TEXT_ARG(file->volume),
			!volume->number && volume->partmap.len
				? "is a disk with partitions, not one of them"
				: "has no file system that can be read");
	else
		file_is_wrong(files, entry, file, what, r ? "unreadable" : "is not a file");
	if (r == -ENODEV || r == -ENOTSUP)
		report_add(files->report, REPORT_WARNING, "entry %d: %.*s", entry->index,
			TEXT_ARG(entry->error));
	else
		report_add(files->report, REPORT_WARNING, "entry %d: %.*s on %.*s: %s",
			entry->index, TEXT_ARG(file->path), TEXT_ARG(file->volume),
			r ? strerror(-r) : "not a file");
}

static void check_list(struct files *files, struct menu_entry *entry, const struct boot_file *list,
	const char *what)
{
	for (const struct boot_file *file = list; file && !entry->error.len; file = file->next)
		check_file(files, entry, file, what);
}

void menu_note_password(struct files *files, const struct bootmenu *menu)
{
	const struct menu_entry *entry = menu->default_entry;

	if (entry && entry->restricted && menu_entry_boots(entry))
		report_add(files->report, REPORT_NOTE,
			"the default entry asks for a password before it starts");
}

void menu_check_files(struct files *files, struct bootmenu *menu)
{
	struct menu_entry *entry;

	bootmenu_number(menu);
	for (entry = menu->first; entry; entry = entry->next) {
		if (!menu_entry_boots(entry))
			continue;
		check_list(files, entry, entry->hypervisor, "hypervisor");
		check_list(files, entry, entry->kernel, "kernel");
		check_list(files, entry, entry->initrds, "initrd");
		check_list(files, entry, entry->modules, "module");
	}
	menu_note_password(files, menu);
}

struct menu_entry *menu_child(
	const struct bootmenu *menu, const struct menu_entry *parent, uint32_t place)
{
	uint32_t depth = parent ? parent->depth : 0;
	struct menu_entry *entry = parent ? parent->next : menu->first;

	for (; entry && entry->depth > depth; entry = entry->next) {
		if (entry->depth == depth + 1 && entry->path[depth] == place)
			return entry;
	}
	return NULL;
}
