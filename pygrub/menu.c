/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/menu.h"

#include "core/escape.h"

#include <errno.h>

static json_t *entries(json_t *menu)
{
	return json_object_get(menu, "entries");
}

static bool is_heading(json_t *entry)
{
	return !json_is_integer(json_object_get(entry, "index"));
}

json_t *menu_parse(struct text text, struct err *err)
{
	json_error_t fault;
	json_t *menu = json_loadb(text.at ? text.at : "", text.len, JSON_ALLOW_NUL, &fault);

	if (menu && json_is_array(entries(menu)))
		return menu;
	err_set(err, EPROTO, "menu.json is no boot menu: %s", menu ? "no entries" : fault.text);
	json_decref(menu);
	return NULL;
}

json_t *menu_entry(json_t *menu, uint64_t index)
{
	json_t *entry;
	size_t i;

	json_array_foreach(entries(menu), i, entry)
	{
		if (!is_heading(entry) &&
			(uint64_t)json_integer_value(json_object_get(entry, "index")) == index)
			return entry;
	}
	return NULL;
}

uint64_t menu_count(json_t *menu)
{
	uint64_t count = 0;
	json_t *entry;
	size_t i;

	json_array_foreach(entries(menu), i, entry)
	{
		count += !is_heading(entry);
	}
	return count;
}

struct text menu_string(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return (struct text){json_string_value(value), json_string_length(value)};
}

struct text menu_file_path(json_t *entry, const char *key)
{
	return menu_string(json_object_get(entry, key), "path");
}

void menu_add_initrds(json_t *entry, struct strbuf *out)
{
	json_t *file;
	size_t i;

	json_array_foreach(json_object_get(entry, "initrd"), i, file)
	{
		if (i)
			strbuf_addc(out, ' ');
		strbuf_add(out, menu_string(file, "path"));
	}
}

void menu_add_fault(json_t *entry, struct strbuf *out)
{
	escape_add(out, menu_string(entry, "error"));
}
