/* Menus: what was defined becomes entries, each run as if it were the first one chosen. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "parsers/boot/grub2/script/interp.h"

/*
 * Shows a menu: its entries go into the bootmenu below the entry being run (or at the top), each
 * with what its commands load, and the one that boots by itself is found. Everything stops then.
 */
void grub_menu_show(struct grub *g, struct grub_menu *menu);

/* Is there something to show, and nothing that ended all? */
bool grub_menu_showable(const struct grub *g, const struct grub_menu *menu);

/* Moves the entries of `from` behind those of `to`. */
void grub_menu_append(struct grub_menu *to, struct grub_menu *from);

/*
 * An empty item at the end of the current menu; NULL and a warning when the menu is full or
 * memory is out.
 */
struct grub_item *grub_menu_add(struct grub *g);

/* What a kernel loaded outside of any menu boots: an entry of its own (boot.c). */
void grub_menu_direct(struct grub *g);

/* ---- which entry is chosen (defaults.c) --------------------------------------------------- */

/* Position of the entry that $default names in this menu; 0 where it names none. */
uint32_t grub_default_position(struct grub *g, const struct grub_menu *menu, bool *named);

/*
 * The part of $default that counts inside a submenu: what stands behind the first > that is not
 * doubled. False: there is none.
 */
bool grub_default_rest(struct text value, struct text *ret);

/*
 * Takes the first entry off a list like $fallback. False: none, or not one of this menu; the
 * list is then used up.
 */
bool grub_fallback_next(
	struct grub *g, const struct grub_menu *menu, struct text *list, uint32_t *position);

/* Timeout, its style, superusers, and why the default is the default, as the variables say. */
void grub_defaults_record(struct grub *g, bool named);

/* ---- what was loaded (loaded.c) ----------------------------------------------------------- */

/* Puts what was loaded into the entry; `status` is the last command's. */
void grub_loaded_record(struct grub *g, struct menu_entry *entry, int status, bool booted);

/* A copy whose lists can grow without changing the original's. GRUB_OUT_OF_MEMORY. */
int grub_loaded_copy(struct grub *g, struct grub_loaded *loaded) MUST_CHECK;
