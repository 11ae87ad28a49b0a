/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/choose.h"

#include "core/escape.h"
#include "pygrub/tree.h"

#include <errno.h>
#include <inttypes.h>

enum { MENU_BYTES = 256 << 20 };

int choose_read_text(int folder, struct strbuf *out, struct err *err)
{
	int r = tree_read(folder, "menu.json", MENU_BYTES, out);

	if (r == -ENOENT)
		return tree_error(folder, err);
	errno = -r;
	return r ? err_set(err, -r, "cannot read the menu: %m") : 0;
}

json_t *choose_read_menu(int folder, struct err *err)
{
	_strbuf_ struct strbuf text = {0};

	if (choose_read_text(folder, &text, err))
		return NULL;
	return menu_parse(strbuf_text(&text), err);
}

uint64_t choice_index(const struct choice *choice)
{
	uint64_t index = 0;
	struct text number = text_skip(text_of(choice->entry), strlen("entries/"));

	return text_number(number, &index) ? index : UINT64_MAX;
}

/* The link `default` names the entry's folder. */
static int choose_default(int folder, struct choice *ret, struct err *err)
{
	ssize_t n = readlinkat(folder, "default", ret->entry, sizeof(ret->entry) - 1);

	if (n < 0 && errno == ENOENT)
		return tree_error(folder, err);
	if (n < 0)
		return err_set(err, errno, "cannot read the menu: %m");
	ret->entry[n] = '\0';
	if (!text_starts(text_of(ret->entry), TEXT("entries/")) || choice_index(ret) == UINT64_MAX)
		return err_set(err, EPROTO, "bootfs names a default entry that is none");
	return 0;
}

/* An entry that the guest no longer has costs a warning and not the start, as in pygrub. */
static int warn_of_missing(int folder, struct choice *ret, struct err *err)
{
	json_t *menu = choose_read_menu(folder, err);
	struct text missing;

	if (!menu)
		return -err->code;
	missing = menu_string(menu, "missing_entry");
	if (missing.len) {
		strbuf_adds(&ret->warning, "there is no entry \"");
		escape_add_cut(&ret->warning, missing, 200);
		strbuf_adds(&ret->warning, "\": booting the default");
	}
	json_decref(menu);
	return 0;
}

int choose_entry(int folder, const struct options *options, struct choice *ret, struct err *err)
{
	int r = choose_default(folder, ret, err);

	return r || !options->entry ? r : warn_of_missing(folder, ret, err);
}

/* The same entry, whoever is logged in. */
static bool is_same_entry(json_t *a, json_t *b)
{
	json_t *first = json_copy(a), *second = json_copy(b);
	bool same;

	json_object_del(first, "restricted");
	json_object_del(second, "restricted");
	same = first && json_equal(first, second);
	json_decref(first);
	json_decref(second);
	return same;
}

int choose_picked(int folder, const struct pick *pick, struct choice *ret, struct err *err)
{
	json_t *menu = choose_read_menu(folder, err);
	bool same;

	if (!menu)
		return -err->code;
	same = is_same_entry(menu_entry(menu, pick->index), menu_entry(pick->menu, pick->index));
	json_decref(menu);
	if (!same)
		return err_set(err, ESTALE,
			"the guest's boot menu changed while it was shown; start again to choose "
			"from the new one");
	snprintf(ret->entry, sizeof(ret->entry), "entries/%" PRIu64, pick->index);
	return 0;
}
