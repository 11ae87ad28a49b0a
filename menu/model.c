/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu/model.h"

#include <stdio.h>

static void say(struct console *menu, const char *text)
{
	snprintf(menu->message, sizeof(menu->message), "%s", text);
}

static const struct console_item *selected(const struct console *menu)
{
	return &menu->items->at[menu->selected];
}

/* Lists what stands beside an item, with it selected. */
static void show_item(struct console *menu, uint32_t item)
{
	menu->parent = item == NO_ITEM ? NO_ITEM : menu->items->at[item].parent;
	menu->selected = item;
	menu->view = CONSOLE_LIST;
}

/* Lists what stands below a heading; false where that is nothing. */
static bool show_below(struct console *menu, uint32_t parent)
{
	const struct console_items *items = menu->items;
	uint32_t item = console_towards(items, parent, items->default_item);

	if (item == NO_ITEM)
		item = console_first_below(items, parent);
	if (item == NO_ITEM)
		return false;
	show_item(menu, item);
	return true;
}

void console_begin(struct console *menu, const struct console_items *items, int64_t wait_ms)
{
	*menu = (struct console){.items = items,
		.left_ms = wait_ms,
		.page = 1,
		.parent = NO_ITEM,
		.selected = NO_ITEM};
	(void)show_below(menu, NO_ITEM);
}

/* ---- starting, editing, logging in ------------------------------------------------------------- */

static void ask(struct console *menu, enum console_view view)
{
	line_wipe(&menu->line);
	menu->view = view;
}

static void ask_login(struct console *menu, enum console_wish wish)
{
	menu->wish = wish;
	menu->name[0] = '\0';
	ask(menu, menu->items->asks_name ? CONSOLE_NAME : CONSOLE_PASSWORD);
}

static void give_up(struct console *menu)
{
	line_wipe(&menu->line);
	menu->wish = CONSOLE_WISH_NONE;
	menu->view = CONSOLE_LIST;
}

static void enter(struct console *menu)
{
	if (!show_below(menu, menu->selected))
		say(menu, "This submenu is empty.");
}

static void leave(struct console *menu)
{
	if (menu->parent != NO_ITEM)
		show_item(menu, menu->parent);
}

static bool refuse_fault(struct console *menu)
{
	struct text fault = selected(menu)->fault;

	if (fault.len)
		snprintf(menu->message, sizeof(menu->message), "It cannot boot: %.*s",
			TEXT_ARG(fault));
	return fault.len > 0;
}

static void start(struct console *menu)
{
	if (menu->selected == NO_ITEM)
		return;
	if (selected(menu)->restricted)
		ask_login(menu, CONSOLE_WISH_BOOT);
	else if (selected(menu)->submenu)
		enter(menu);
	else if (!refuse_fault(menu))
		menu->order = CONSOLE_BOOT;
}

static void edit(struct console *menu)
{
	if (menu->selected == NO_ITEM || selected(menu)->submenu)
		return;
	if (menu->items->edit_restricted || selected(menu)->restricted) {
		ask_login(menu, CONSOLE_WISH_EDIT);
		return;
	}
	if (refuse_fault(menu))
		return;
	if (line_set(&menu->line, selected(menu)->cmdline))
		menu->view = CONSOLE_EDIT;
	else
		say(menu, "This command line is too long to be edited here.");
}

/* ---- keys of the list -------------------------------------------------------------------------- */

static void move(struct console *menu, enum console_key key)
{
	bool back = key == CONSOLE_KEY_UP || key == CONSOLE_KEY_PAGE_UP || key == CONSOLE_KEY_FIRST;
	bool one = key == CONSOLE_KEY_UP || key == CONSOLE_KEY_DOWN;
	bool page = key == CONSOLE_KEY_PAGE_UP || key == CONSOLE_KEY_PAGE_DOWN;
	uint32_t steps = one ? 1 : page ? menu->page : menu->items->count;

	while (menu->selected != NO_ITEM && steps--) {
		uint32_t to = back ? console_previous(menu->items, menu->selected)
				   : console_next(menu->items, menu->selected);

		if (to == NO_ITEM)
			return;
		menu->selected = to;
	}
}

static void press_letter(struct console *menu, struct text text)
{
	if (text_is(text, "e") || text_is(text, "a"))
		edit(menu);
	else if (text_is(text, "p") && !menu->items->protected)
		say(menu, "Nothing here needs a password.");
	else if (text_is(text, "p"))
		ask_login(menu, CONSOLE_WISH_NONE);
	else if (text_is(text, "k"))
		move(menu, CONSOLE_KEY_UP);
	else if (text_is(text, "j"))
		move(menu, CONSOLE_KEY_DOWN);
}

static void press_in_list(struct console *menu, struct console_input input)
{
	menu->message[0] = '\0';
	switch (input.key) {
	case CONSOLE_KEY_UP:
	case CONSOLE_KEY_DOWN:
	case CONSOLE_KEY_PAGE_UP:
	case CONSOLE_KEY_PAGE_DOWN:
	case CONSOLE_KEY_FIRST:
	case CONSOLE_KEY_LAST:
		move(menu, input.key);
		return;
	case CONSOLE_KEY_RIGHT:
		if (menu->selected != NO_ITEM && selected(menu)->submenu)
			start(menu);
		return;
	case CONSOLE_KEY_ENTER:
		start(menu);
		return;
	case CONSOLE_KEY_LEFT:
	case CONSOLE_KEY_ESCAPE:
	case CONSOLE_KEY_BACKSPACE:
		leave(menu);
		return;
	case CONSOLE_KEY_TEXT:
		press_letter(menu, input.text);
		return;
	case CONSOLE_KEY_DELETE:
	case CONSOLE_KEY_CUT_BEFORE:
	case CONSOLE_KEY_CUT_AFTER:
	case CONSOLE_KEY_REDRAW:
	case CONSOLE_KEY_OTHER:
		return;
	}
}

/* ---- keys of a line ---------------------------------------------------------------------------- */

static void press_in_line(struct line *line, struct console_input input)
{
	switch (input.key) {
	case CONSOLE_KEY_LEFT:
		line_left(line);
		return;
	case CONSOLE_KEY_RIGHT:
		line_right(line);
		return;
	case CONSOLE_KEY_FIRST:
		line->cursor = 0;
		return;
	case CONSOLE_KEY_LAST:
		line->cursor = line->len;
		return;
	case CONSOLE_KEY_BACKSPACE:
		line_backspace(line);
		return;
	case CONSOLE_KEY_DELETE:
		line_delete(line);
		return;
	case CONSOLE_KEY_CUT_BEFORE:
		line_cut_before(line);
		return;
	case CONSOLE_KEY_CUT_AFTER:
		line_cut_after(line);
		return;
	case CONSOLE_KEY_TEXT:
		line_insert(line, input.text);
		return;
	case CONSOLE_KEY_UP:
	case CONSOLE_KEY_DOWN:
	case CONSOLE_KEY_PAGE_UP:
	case CONSOLE_KEY_PAGE_DOWN:
	case CONSOLE_KEY_ENTER:
	case CONSOLE_KEY_ESCAPE:
	case CONSOLE_KEY_REDRAW:
	case CONSOLE_KEY_OTHER:
		return;
	}
}

/* Enter in a line. */
static void take_line(struct console *menu)
{
	struct text text = line_text(&menu->line);

	if (menu->view == CONSOLE_EDIT) {
		menu->edited = !text_equal(text, selected(menu)->cmdline);
		menu->order = CONSOLE_BOOT;
	} else if (menu->view == CONSOLE_NAME) {
		snprintf(menu->name, sizeof(menu->name), "%.*s", TEXT_ARG(text));
		ask(menu, CONSOLE_PASSWORD);
	} else {
		menu->view = CONSOLE_CHECKING;
		menu->order = CONSOLE_LOG_IN;
	}
}

void console_press(struct console *menu, struct console_input input)
{
	menu->left_ms = -1;
	if (menu->view == CONSOLE_LIST)
		press_in_list(menu, input);
	else if (menu->view == CONSOLE_CHECKING)
		return;
	else if (input.key == CONSOLE_KEY_ENTER)
		take_line(menu);
	else if (input.key == CONSOLE_KEY_ESCAPE)
		give_up(menu);
	else
		press_in_line(&menu->line, input);
}

void console_pick(struct console *menu, uint32_t item, bool edit_it)
{
	menu->left_ms = -1;
	menu->message[0] = '\0';
	show_item(menu, item);
	if (edit_it)
		edit(menu);
	else
		start(menu);
}

/* ---- time and answers -------------------------------------------------------------------------- */

void console_pass(struct console *menu, int64_t ms)
{
	if (menu->left_ms < 0)
		return;
	menu->left_ms = menu->left_ms > ms ? menu->left_ms - ms : 0;
	if (!menu->left_ms)
		menu->order = CONSOLE_BOOT_DEFAULT;
}

void console_logged_in(struct console *menu, const struct console_items *items, const char *message)
{
	enum console_wish wish = menu->wish;

	give_up(menu);
	menu->order = CONSOLE_GO_ON;
	if (items->count != menu->items->count)
		console_begin(menu, items, -1);
	menu->items = items;
	say(menu, message ? message : "The password is right.");
	if (message || menu->selected == NO_ITEM)
		return;
	/* What it unlocked need not be what it was given for. */
	if (wish == CONSOLE_WISH_BOOT && !selected(menu)->restricted)
		start(menu);
	if (wish == CONSOLE_WISH_EDIT && !selected(menu)->restricted && !items->edit_restricted)
		edit(menu);
	if (wish != CONSOLE_WISH_NONE && menu->view == CONSOLE_LIST && menu->order == CONSOLE_GO_ON)
		say(menu, "That password does not open this.");
}
