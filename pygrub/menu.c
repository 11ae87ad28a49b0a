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

/* Is this the entry at the place "1>2"? */
static bool has_path(json_t *entry, struct text wanted)
{
	json_t *path = json_object_get(entry, "path"), *number;
	struct text part;
	size_t i;

	json_array_foreach(path, i, number)
	{
		uint64_t value;

		if (!text_cut(&wanted, '>', &part) || !text_number(part, &value) ||
			value != (uint64_t)json_integer_value(number))
			return false;
	}
	return !wanted.len;
}

/* "1>2", numbers and > only, at least two of them. */
static bool is_path(struct text wanted)
{
	struct text part;
	uint64_t number;
	int parts = 0;

	if (!wanted.len || wanted.at[wanted.len - 1] == '>')
		return false;
	for (; text_cut(&wanted, '>', &part); parts++) {
		if (!text_number(part, &number))
			return false;
	}
	return parts > 1;
}

static bool find_string(json_t *menu, const char *key, struct text wanted, uint64_t *index)
{
	json_t *entry;
	size_t i;

	json_array_foreach(entries(menu), i, entry)
	{
		if (is_heading(entry) || !text_equal(menu_string(entry, key), wanted))
			continue;
		*index = (uint64_t)json_integer_value(json_object_get(entry, "index"));
		return true;
	}
	return false;
}

static bool find_path(json_t *menu, struct text wanted, uint64_t *index)
{
	json_t *entry;
	size_t i;

	json_array_foreach(entries(menu), i, entry)
	{
		if (is_heading(entry) || !has_path(entry, wanted))
			continue;
		*index = (uint64_t)json_integer_value(json_object_get(entry, "index"));
		return true;
	}
	return false;
}

enum menu_match menu_find(json_t *menu, const char *wanted, uint64_t *index)
{
	struct text text = text_of(wanted);
	_strbuf_ struct strbuf lossy = {0};

	if (text_number(text, index))
		return menu_entry(menu, *index) ? MENU_FOUND : MENU_NONE;
	/* Titles stand in the JSON with U+FFFD for what is no UTF-8. */
	utf8_add_lossy(&lossy, text);
	if (!text.len)
		return MENU_NONE;
	if (find_string(menu, "title", strbuf_text(&lossy), index) ||
		find_string(menu, "id", strbuf_text(&lossy), index))
		return MENU_FOUND;
	if (!is_path(text))
		return MENU_NONE;
	return find_path(menu, text, index) ? MENU_FOUND : MENU_NO_PATH;
}
