/* The menu as a machine: keys and time go in, what is to be shown and done comes out. Pure. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "menu/items.h"
#include "menu/line.h"

enum console_key {
	CONSOLE_KEY_UP,
	CONSOLE_KEY_DOWN,
	CONSOLE_KEY_PAGE_UP,
	CONSOLE_KEY_PAGE_DOWN,
	CONSOLE_KEY_FIRST,
	CONSOLE_KEY_LAST,
	CONSOLE_KEY_LEFT,
	CONSOLE_KEY_RIGHT,
	CONSOLE_KEY_ENTER,
	CONSOLE_KEY_ESCAPE,
	CONSOLE_KEY_BACKSPACE,
	CONSOLE_KEY_DELETE,
	CONSOLE_KEY_CUT_BEFORE,
	CONSOLE_KEY_CUT_AFTER,
	CONSOLE_KEY_TEXT,   /* a character, or some */
	CONSOLE_KEY_REDRAW, /* the screen, after something else wrote on it */
	CONSOLE_KEY_OTHER,
};

struct console_input {
	enum console_key key;
	struct text text; /* CONSOLE_KEY_TEXT: UTF-8 without control characters */
};

enum console_view {
	CONSOLE_LIST,
	CONSOLE_EDIT,     /* the command line of the selected entry */
	CONSOLE_NAME,     /* a user's name is asked for */
	CONSOLE_PASSWORD, /* and a password */
	CONSOLE_CHECKING, /* that is being checked */
};

/* What is to be done outside. */
enum console_order {
	CONSOLE_GO_ON,
	CONSOLE_BOOT_DEFAULT, /* the time is over */
	CONSOLE_BOOT,         /* `selected`, with the text of `line` if `edited` */
	CONSOLE_LOG_IN,       /* check `name` and the text of `line`; then console_logged_in() */
};

/* What a login is for. */
enum console_wish { CONSOLE_WISH_NONE, CONSOLE_WISH_BOOT, CONSOLE_WISH_EDIT };

struct console {
	const struct console_items *items;
	enum console_view view;
	enum console_order order;
	uint32_t parent;   /* whose items are listed; NO_ITEM: the top's */
	uint32_t selected; /* NO_ITEM: an empty menu */
	uint32_t page;     /* items a page has: set by who shows them */
	int64_t left_ms;   /* until the default boots; -1: never */
	bool edited;
	struct line line;
	char name[256]; /* of the user who logs in */
	enum console_wish wish;
	char message[200]; /* for the person, one line; empty: none */
};

/* Begins at the top, at what leads to the default entry. `wait_ms`: after which it boots; -1: never. */
void console_begin(struct console *menu, const struct console_items *items, int64_t wait_ms);

/* A key was pressed. The first one stops the time. */
void console_press(struct console *menu, struct console_input input);

/* Selects an item and starts it, or with `edit` opens its command line: for who lists numbers. */
void console_pick(struct console *menu, uint32_t item, bool edit);

/* Time has passed. */
void console_pass(struct console *menu, int64_t ms);

/*
 * A login was checked: the items as they are now (the old ones must stay until this returns),
 * and what to say, NULL where it was right.
 */
void console_logged_in(
	struct console *menu, const struct console_items *items, const char *message);
