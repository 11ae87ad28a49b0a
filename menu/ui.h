/* The two ways of showing the menu on a terminal: a full screen, and a plain list. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "menu/model.h"
#include "core/strbuf.h"

/* The terminal's two ends; often the same device. */
struct terminal {
	int in, out;
};

/* One way of showing it. Its own state begins with this. */
struct ui {
	const struct ui_ops *ops;
	struct terminal terminal;
};

struct ui_ops {
	const char *name;
	/* Takes the terminal over. NULL: it cannot be shown there in this way. */
	struct ui *(*open)(const struct terminal *terminal);
	/* Shows the menu as it is now; says how many items a page has. */
	void (*draw)(struct ui *ui, struct console *menu);
	/* Presses the keys that have come. -EIO: the terminal is gone. */
	int (*read)(struct ui *ui, struct console *menu);
	/* Gives the terminal back as it was and frees. */
	void (*close)(struct ui *ui);
};

extern const struct ui_ops ui_screen, ui_plain;

/* Writes all of it; where the terminal is gone the next read tells. */
void ui_print(const struct terminal *terminal, struct text text);

/* "Debian boots in 5 s", the time rounded up. */
void ui_say_time(const struct console *menu, struct strbuf *out);
