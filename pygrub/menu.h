/* menu.json: the boot menu for programs. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/err.h"
#include "core/strbuf.h"

#include <jansson.h>

/* The menu; json_decref() ends it. NULL with err where the text is no menu. */
json_t *menu_parse(struct text text, struct err *err) MUST_CHECK;

/* The entry (no heading) with this index; NULL: none. Borrowed from the menu. */
json_t *menu_entry(json_t *menu, uint64_t index);

/* How many entries there are, headings not counted. */
uint64_t menu_count(json_t *menu);

/* A string of an object, or the path of a file in it; empty where there is none. Borrowed. */
struct text menu_string(json_t *object, const char *key);
struct text menu_file_path(json_t *entry, const char *key);

/* Appends the paths of an entry's initrds, joined by blanks. */
void menu_add_initrds(json_t *entry, struct strbuf *out);

/* Appends why an entry cannot boot, escaped; nothing where nothing is said. For messages. */
void menu_add_fault(json_t *entry, struct strbuf *out);

/* Appends pygrub's list: five lines an entry, control bytes escaped, args with `more` behind. */
void menu_list(json_t *menu, const char *more, struct strbuf *out);

/* Appends what --isconfig prints of an entry: kernel, initrd, args with `more` behind them. */
void menu_describe(json_t *entry, const char *more, struct strbuf *out);
