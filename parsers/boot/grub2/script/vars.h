/* GRUB's variables: contexts, exports, and going back to an earlier state. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arena.h"

struct grub;

/* Where a value comes from: "saved_entry" in a grubenv, or a line of a script. */
struct grub_origin {
	struct text variable; /* read from an environment block; empty: set by a script */
	struct text file;
	uint32_t line;
};

struct grub_var {
	struct grub_var *chain;
	struct text name, value; /* value: in the arena, NUL behind it */
	uint32_t hash;
	uint32_t level; /* the newest mark whose undo list knows it */
	bool set, exported;
	struct grub_origin origin;
};

/* One context. Submenus and configfile open a new one. */
struct grub_vars {
	struct grub_vars *outer;
	struct grub_var **buckets;
	uint32_t room, count;
	uint32_t level;   /* marks set when it was opened */
	int outer_status; /* $? outside, which is a variable like others */
	bool outer_has_status;
};

/* The variable where it is set in the current context, else NULL. */
const struct grub_var *grub_var_find(const struct grub *g, struct text name);

/* Its value; empty where it is not set. Valid until it changes. */
struct text grub_var_get(const struct grub *g, const char *name);

/* GRUB_OK, GRUB_OUT_OF_MEMORY. `root` loses its parentheses. */
int grub_var_set(struct grub *g, struct text name, struct text value);
int grub_var_set_from(
	struct grub *g, struct text name, struct text value, struct grub_origin origin);
void grub_var_unset(struct grub *g, struct text name);
int grub_var_export(struct grub *g, struct text name);

/* Opens a context with copies of the exported variables, or of all. GRUB_OUT_OF_MEMORY. */
int grub_context_open(struct grub *g, bool all) MUST_CHECK;
void grub_context_close(struct grub *g);

/*
 * Remembers the state of all variables: changes after a mark are undone by going back to it.
 * Contexts opened after a mark must be closed before. Costs what was changed, not what is there.
 */
struct grub_undo *grub_vars_mark(struct grub *g);
void grub_vars_restore(struct grub *g, struct grub_undo *mark);
