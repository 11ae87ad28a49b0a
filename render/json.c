/* menu.json and the other JSON texts. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "render/render.h"

#include "core/escape.h"

#include <errno.h>
#include <jansson.h>

/* A string, every byte that is no UTF-8 replaced; *lossy (may be NULL) is set where one was. */
static json_t *json_text(struct text text, bool *lossy)
{
	_strbuf_ struct strbuf utf8 = {0};
	json_t *string;

	strbuf_adds(&utf8, "");
	if (utf8_add_lossy(&utf8, text) && lossy)
		*lossy = true;
	string = utf8.failed ? NULL : json_stringn_nocheck(utf8.at, utf8.len);
	return string;
}

static json_t *json_text_or_null(struct text text, bool *lossy)
{
	return text.len ? json_text(text, lossy) : json_null();
}

static json_t *json_path(const struct menu_entry *entry)
{
	json_t *path = json_array();

	for (uint32_t i = 0; i < entry->depth; i++)
		json_array_append_new(path, json_integer(entry->path[i]));
	return path;
}

/* `with_cmdline`: modules and hypervisors have a command line of their own. */
static json_t *json_file(const struct boot_file *file, bool with_cmdline, bool *lossy)
{
	json_t *object;

	if (!file)
		return json_null();
	object = json_object();
	json_object_set_new(object, "volume", json_text(file->volume, lossy));
	json_object_set_new(object, "path", json_text(file->path, lossy));
	json_object_set_new(object, "size", json_integer((json_int_t)file->size));
	if (with_cmdline)
		json_object_set_new(object, "cmdline", json_text(file->cmdline, lossy));
	if (file->newc.len)
		json_object_set_new(object, "newc", json_text(file->newc, lossy));
	return object;
}

static json_t *json_files(const struct boot_file *file, bool with_cmdline, bool *lossy)
{
	json_t *array = json_array();

	for (; file; file = file->next)
		json_array_append_new(array, json_file(file, with_cmdline, lossy));
	return array;
}

static json_t *json_entry(const struct menu_entry *entry)
{
	json_t *object = json_object();
	bool loads = entry->kernel || entry->hypervisor, lossy = false;

	json_object_set_new(
		object, "index", entry->submenu ? json_null() : json_integer(entry->index));
	json_object_set_new(object, "path", json_path(entry));
	json_object_set_new(object, "title", json_text(entry->title, &lossy));
	json_object_set_new(object, "id", json_text_or_null(entry->id, &lossy));
	json_object_set_new(object, "submenu", json_boolean(entry->submenu));
	json_object_set_new(object, "bootable", json_boolean(menu_entry_boots(entry)));
	json_object_set_new(object, "error", json_text_or_null(entry->error, &lossy));
	json_object_set_new(object, "kernel", json_file(entry->kernel, false, &lossy));
	json_object_set_new(object, "initrd", json_files(entry->initrds, false, &lossy));
	json_object_set_new(
		object, "cmdline", loads ? json_text(entry->cmdline, &lossy) : json_null());
	json_object_set_new(object, "hypervisor", json_file(entry->hypervisor, true, &lossy));
	json_object_set_new(object, "modules", json_files(entry->modules, true, &lossy));
	if (entry->devicetree)
		json_object_set_new(
			object, "devicetree", json_file(entry->devicetree, false, &lossy));
	if (entry->restricted)
		json_object_set_new(object, "restricted", json_true());
	if (lossy)
		json_object_set_new(object, "lossy", json_true());
	return object;
}

static json_t *json_entries(const struct bootmenu *menu)
{
	json_t *array = json_array();

	for (const struct menu_entry *entry = menu->first; entry; entry = entry->next)
		json_array_append_new(array, json_entry(entry));
	return array;
}

static json_t *json_disks(const struct inspection *inspection)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < inspection->n_disks; i++) {
		const struct inspection_disk *disk = &inspection->disks[i];
		json_t *object = json_object();

		json_object_set_new(object, "name", json_text(disk->name, NULL));
		json_object_set_new(object, "path", json_text(disk->path, NULL));
		json_object_set_new(object, "size", json_integer((json_int_t)disk->size));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *json_config(const struct inspection *inspection)
{
	struct text name = inspection->menu.config_volume, none = {0};
	const struct inspection_disk *disk = inspection_disk_of(inspection, name);
	const struct inspection_volume *volume = inspection_volume(inspection, name);
	json_t *object;

	if (!inspection->menu.config_path.len)
		return json_null();
	object = json_object();
	json_object_set_new(object, "disk", json_text_or_null(disk ? disk->name : none, NULL));
	json_object_set_new(object, "volume", json_text(name, NULL));
	json_object_set_new(object, "fs", json_text_or_null(volume ? volume->fs_name : none, NULL));
	json_object_set_new(object, "path", json_text(inspection->menu.config_path, NULL));
	return object;
}

/* "(hd0,msdos1)/boot/grub/grub.cfg" without the device. */
static struct text without_device(struct text file)
{
	size_t end = text_find(file, ')');

	return file.len && file.at[0] == '(' ? text_skip(file, end + 1) : file;
}

static json_t *json_warnings(const struct report *report)
{
	json_t *array = json_array();

	for (const struct report_line *line = report->first; line; line = line->next) {
		json_t *object;

		if (line->kind != REPORT_WARNING)
			continue;
		object = json_object();
		json_object_set_new(
			object, "file", json_text_or_null(without_device(line->file), NULL));
		json_object_set_new(
			object, "line", line->line ? json_integer(line->line) : json_null());
		json_object_set_new(object, "text", json_text(line->text, NULL));
		json_object_set_new(object, "count", json_integer(line->count));
		json_array_append_new(array, object);
	}
	return array;
}

/* The boot loader that the disks start; null: none was found. */
static json_t *json_installed(const struct installed_loader *installed)
{
	json_t *object;

	if (!installed->title.len && !installed->place.len)
		return json_null();
	object = json_object();
	json_object_set_new(object, "loader", json_text_or_null(installed->title, NULL));
	json_object_set_new(object, "place", json_text(installed->place, NULL));
	json_object_set_new(object, "followed", json_boolean(!installed->problem.len));
	json_object_set_new(object, "problem", json_text_or_null(installed->problem, NULL));
	return object;
}

static json_t *json_others(const struct other_config *other)
{
	json_t *array = json_array();

	for (; other; other = other->next) {
		json_t *object = json_object();

		json_object_set_new(object, "volume", json_text(other->volume, NULL));
		json_object_set_new(object, "path", json_text(other->path, NULL));
		json_object_set_new(object, "loader", json_text(other->title, NULL));
		json_object_set_new(object, "read", json_boolean(other->on_the_way));
		json_object_set_new(object, "next", json_boolean(other->is_next));
		json_object_set_new(object, "problem", json_text_or_null(other->why, NULL));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *json_one_shot(const struct bootmenu *menu)
{
	json_t *object = json_object();

	json_object_set_new(object, "value", json_text(menu->one_shot, NULL));
	json_object_set_new(object, "file", json_text_or_null(menu->one_shot_file, NULL));
	json_object_set_new(object, "key", json_text_or_null(menu->one_shot_key, NULL));
	return object;
}

/* What still needs a password, where anything does. */
static void json_add_protection(json_t *root, const struct bootmenu *menu)
{
	static const char *const results[LOGIN_RESULTS] = {
		[LOGIN_RIGHT] = "right",
		[LOGIN_WRONG] = "wrong",
		[LOGIN_UNKNOWN_KIND] = "unknown kind",
	};
	bool restricted = menu->edit_restricted;
	json_t *object;

	if (menu->login)
		json_object_set_new(root, "login", json_string(results[menu->login]));
	for (const struct menu_entry *entry = menu->first; entry; entry = entry->next)
		restricted |= entry->restricted;
	if (!restricted)
		return;
	object = json_object();
	json_object_set_new(object, "edit", json_boolean(menu->edit_restricted));
	json_object_set_new(object, "names", json_boolean(menu->asks_name));
	json_object_set_new(root, "protection", object);
}

static void json_add_default(json_t *root, const struct bootmenu *menu)
{
	const struct menu_entry *entry = menu->default_entry;
	struct text none = {0};

	json_object_set_new(
		root, "timeout", menu->timeout_s < 0 ? json_null() : json_integer(menu->timeout_s));
	json_object_set_new(root, "timeout_style", json_text_or_null(menu->timeout_style, NULL));
	json_object_set_new(root, "default", entry ? json_path(entry) : json_null());
	json_object_set_new(
		root, "default_index", entry ? json_integer(entry->index) : json_null());
	json_object_set_new(root, "default_reason",
		json_text_or_null(entry ? menu->default_reason : none, NULL));
	json_object_set_new(root, "missing_entry", json_text_or_null(menu->missing_entry, NULL));
}

static json_t *json_inspection(const struct inspection *inspection, struct text domain)
{
	const struct bootmenu *menu = &inspection->menu;
	json_t *root = json_object();

	json_object_set_new(root, "schema", json_integer(1));
	json_object_set_new(root, "domain", json_text_or_null(domain, NULL));
	json_object_set_new(root, "status", json_string(inspection->error.len ? "error" : "ok"));
	json_object_set_new(root, "error", json_text_or_null(inspection->error, NULL));
	if (inspection->unused.len)
		json_object_set_new(root, "unused", json_text(inspection->unused, NULL));
	json_object_set_new(root, "loader", json_text_or_null(menu->loader, NULL));
	json_object_set_new(root, "flavour", json_text_or_null(menu->flavour, NULL));
	json_object_set_new(root, "grub_platform", json_text_or_null(menu->platform, NULL));
	json_object_set_new(root, "disks", json_disks(inspection));
	json_object_set_new(root, "config", json_config(inspection));
	json_object_set_new(root, "installed", json_installed(&menu->installed));
	json_object_set_new(root, "also_found", json_others(menu->others));
	json_add_default(root, menu);
	json_object_set_new(root, "entries", json_entries(menu));
	json_object_set_new(root, "warnings", json_warnings(&inspection->report));
	json_add_protection(root, menu);
	if (menu->one_shot.len)
		json_object_set_new(root, "one_shot", json_one_shot(menu));
	return root;
}

static int dump(const char *buffer, size_t size, void *context)
{
	struct strbuf *out = context;

	strbuf_add(out, (struct text){buffer, size});
	return out->failed ? -1 : 0;
}

void render_json(struct strbuf *out, const struct inspection *inspection, struct text domain)
{
	json_t *root = json_inspection(inspection, domain);

	/* ASCII only: a terminal may see it, and C1 and bidi controls are valid JSON. */
	if (json_dump_callback(root, dump, out, JSON_COMPACT | JSON_ENSURE_ASCII) && !out->failed)
		out->failed = -ENOMEM;
	json_decref(root);
	strbuf_addc(out, '\n');
}
