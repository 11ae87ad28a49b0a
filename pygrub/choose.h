/* Which entry of the menu is meant. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "pygrub/menu.h"
#include "pygrub/options.h"
#include "pygrub/pick.h"

/* The chosen entry. */
struct choice {
	char entry[32];        /* its folder, as "entries/2" */
	struct strbuf warning; /* what was asked for and is not there; empty: nothing */
};

/*
 * The folder's default, which is what --entry asks for: the folder was opened with that wish, and
 * the inspector chose. A warning where it named no entry. -ENOENT with err where nothing boots.
 */
int choose_entry(
	int folder, const struct options *options, struct choice *ret, struct err *err) MUST_CHECK;

/* What was chosen at the menu. -ESTALE with err where the entry is not what was shown. */
int choose_picked(
	int folder, const struct pick *pick, struct choice *ret, struct err *err) MUST_CHECK;

/* Appends the menu.json of the folder. -errno with err. */
int choose_read_text(int folder, struct strbuf *out, struct err *err) MUST_CHECK;

/* The menu of the folder; NULL with err. The caller drops it. */
json_t *choose_read_menu(int folder, struct err *err) MUST_CHECK;

/* The index of an entry's folder. */
uint64_t choice_index(const struct choice *choice);
