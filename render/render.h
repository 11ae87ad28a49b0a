/* The texts of the tree, out of an inspection. Everything of the guest goes through escape.h. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strbuf.h"
#include "model/inspection.h"

/*
 * Each appends one whole text as samples in bootfs-tree(7) show it, with a final LF; nothing at
 * all where there is nothing to say (no menu, no error, no id, no kernel): such a file does not
 * exist.
 */
void render_menu(struct strbuf *out, const struct inspection *inspection);
void render_log(struct strbuf *out, const struct inspection *inspection);
void render_error(struct strbuf *out, const struct inspection *inspection);

/*
 * menu.json: one object, keys in documented order, on one line. `domain`: empty for null.
 * Bytes that are no UTF-8 become U+FFFD and the entry gets "lossy": true.
 */
void render_json(struct strbuf *out, const struct inspection *inspection, struct text domain);

/* The one-shot entry that is the default: what was asked for, where, and what is to be recorded. */
void render_one_shot(struct strbuf *out, const struct inspection *inspection, struct text domain);

void render_title(struct strbuf *out, const struct menu_entry *entry);
void render_id(struct strbuf *out, const struct menu_entry *entry);
void render_path(struct strbuf *out, const struct menu_entry *entry);
void render_cmdline(struct strbuf *out, const struct menu_entry *entry); /* exact bytes and LF */
void render_source(
	struct strbuf *out, const struct inspection *inspection, const struct menu_entry *entry);
void render_script(struct strbuf *out, const struct menu_entry *entry);
void render_kernel_info(struct strbuf *out, const struct menu_entry *entry);
