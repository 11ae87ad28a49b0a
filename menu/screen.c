/* The boot menu on a full screen, with ncurses. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu/keys.h"
#include "menu/terminfo.h"
#include "menu/ui.h"
#include "menu/wide.h"

#define NCURSES_WIDECHAR 1 /* get_wch(): with musl nothing asks for it */
#include <curses.h>
#include <errno.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <termios.h>

enum {
	ESCAPE_DELAY_MS = 200, /* an arrow key's bytes come nearer together, even on slow lines */
	MIN_ROWS = 10,
	MIN_COLUMNS = 40,
	TOP_ROWS = 2,    /* the head, and a blank line */
	BOTTOM_ROWS = 6, /* a blank line, the kernel, a message, two of help, the time */
};

struct screen {
	struct ui ui;
	SCREEN *curses;
	FILE *in, *out;
	uint32_t top; /* how many items of the list are above the first one shown */
	int rows, columns, selected_row;
};

/* ---- opening ----------------------------------------------------------------------------------- */

/* Some send these whatever mode they were told to be in. */
static void define_more_keys(void)
{
	static const struct {
		const char *sequence;
		int key;
	} more[] = {
		{"\033[A", KEY_UP},
		{"\033[B", KEY_DOWN},
		{"\033[C", KEY_RIGHT},
		{"\033[D", KEY_LEFT},
		{"\033OA", KEY_UP},
		{"\033OB", KEY_DOWN},
		{"\033OC", KEY_RIGHT},
		{"\033OD", KEY_LEFT},
		{"\033[H", KEY_HOME},
		{"\033[F", KEY_END},
		{"\033[1~", KEY_HOME},
		{"\033[4~", KEY_END},
		{"\033[3~", KEY_DC},
		{"\033[5~", KEY_PPAGE},
		{"\033[6~", KEY_NPAGE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		define_key(more[i].sequence, more[i].key);
}

static void free_screen(struct screen *screen)
{
	if (screen->curses)
		delscreen(screen->curses);
	if (screen->in)
		fclose(screen->in);
	if (screen->out)
		fclose(screen->out);
	free(screen);
}

/* One without a size (libxl's) is taken for what its type usually has. */
static bool is_tiny(int out)
{
	struct winsize size;

	return !ioctl(out, TIOCGWINSZ, &size) && size.ws_row && size.ws_col &&
	       (size.ws_row < MIN_ROWS || size.ws_col < MIN_COLUMNS);
}

static bool keys_make_signals(int in)
{
	struct termios now;

	return tcgetattr(in, &now) == 0 && (now.c_lflag & ISIG);
}

static void set_modes(bool signals)
{
	/* Ctrl-C ends us where it did so before; on a guest's console it does not. */
	if (signals)
		cbreak();
	else
		raw();
	set_escdelay(ESCAPE_DELAY_MS);
	noecho();
	nonl();
	keypad(stdscr, true);
	nodelay(stdscr, true);
	define_more_keys();
}

static struct ui *screen_open(const struct terminal *terminal)
{
	bool signals = keys_make_signals(terminal->in); /* newterm() changes that */
	struct screen *screen;

	if (is_tiny(terminal->out) || !terminfo_moves_cursor(terminal->out))
		return NULL;
	screen = calloc(1, sizeof(*screen));
	if (!screen)
		return NULL;
	screen->ui = (struct ui){&ui_screen, *terminal};
	screen->in = fdopen(dup(terminal->in), "r");
	screen->out = fdopen(dup(terminal->out), "w");
	if (screen->in && screen->out)
		screen->curses = newterm(NULL, screen->out, screen->in);
	if (!screen->curses) {
		free_screen(screen);
		return NULL;
	}
	set_modes(signals);
	return &screen->ui;
}

static void screen_close(struct ui *ui)
{
	struct screen *screen = (struct screen *)ui;

	erase();
	refresh();
	endwin();
	free_screen(screen);
}

/* ---- drawing ----------------------------------------------------------------------------------- */

/* Writes text from a column on, cut at the right margin; the columns used. */
static int put(const struct screen *screen, int row, int column, struct text text)
{
	int room = screen->columns - column, used = 0;

	if (row < 0 || row >= screen->rows)
		return 0;
	move(row, column);
	while (text.len) {
		struct wide_character c;

		text = text_skip(text, wide_next(text, &c));
		if (used + c.columns > room)
			break;
		addstr(c.shown);
		used += c.columns;
	}
	return used;
}

static int put_string(const struct screen *screen, int row, const char *string)
{
	return put(screen, row, 1, text_of(string));
}

/* "Boot menu of mail"; below a heading that comes first. */
static void draw_head(const struct screen *screen, const struct console *menu)
{
	_strbuf_ struct strbuf head = {0};

	if (menu->parent != NO_ITEM) {
		strbuf_add(&head, menu->items->at[menu->parent].title);
		strbuf_adds(&head, " - ");
	}
	strbuf_adds(&head, "Boot menu of ");
	strbuf_add(&head, menu->items->subject);
	attron(A_BOLD);
	put(screen, 0, 1, strbuf_text(&head));
	attroff(A_BOLD);
}

/* "* Debian GNU/Linux", "  More >", with what is to be known of it. */
static void name_item(const struct console *menu, uint32_t i, struct strbuf *out)
{
	const struct console_item *item = &menu->items->at[i];
	uint32_t leads = console_towards(menu->items, menu->parent, menu->items->default_item);

	strbuf_adds(out, leads == i ? "* " : "  ");
	strbuf_add(out, item->title);
	if (item->submenu)
		strbuf_adds(out, " >");
	if (item->restricted)
		strbuf_adds(out, "  [password]");
	if (item->fault.len)
		strbuf_adds(out, "  [cannot boot]");
}

static void draw_item(struct screen *screen, const struct console *menu, int row, uint32_t i)
{
	_strbuf_ struct strbuf name = {0};
	bool is_selected = i == menu->selected;
	int used;

	name_item(menu, i, &name);
	if (is_selected) {
		screen->selected_row = row;
		attron(A_REVERSE);
	}
	mvaddch(row, 1, ' ');
	used = 2 + put(screen, row, 2, strbuf_text(&name));
	for (; is_selected && used < screen->columns - 1; used++)
		mvaddch(row, used, ' ');
	attroff(A_REVERSE);
}

/* The place of the selected item in its list. */
static uint32_t place_of_selected(const struct console *menu)
{
	uint32_t place = 0, item = menu->selected;

	while (item != NO_ITEM && (item = console_previous(menu->items, item)) != NO_ITEM)
		place++;
	return place;
}

static void draw_list(struct screen *screen, struct console *menu)
{
	int rows = screen->rows - TOP_ROWS - BOTTOM_ROWS;
	uint32_t place = place_of_selected(menu),
		 i = console_first_below(menu->items, menu->parent);

	menu->page = rows > 1 ? (uint32_t)rows : 1;
	if (place < screen->top)
		screen->top = place;
	if (place >= screen->top + menu->page)
		screen->top = place - menu->page + 1;
	for (uint32_t skip = screen->top; skip && i != NO_ITEM; skip--)
		i = console_next(menu->items, i);
	if (screen->top)
		put(screen, TOP_ROWS - 1, 1, TEXT("^ more"));
	for (int row = 0; row < (int)menu->page && i != NO_ITEM; row++) {
		draw_item(screen, menu, TOP_ROWS + row, i);
		i = console_next(menu->items, i);
	}
	if (i != NO_ITEM)
		put(screen, screen->rows - BOTTOM_ROWS, 1, TEXT("v more"));
}

static void draw_details(const struct screen *screen, const struct console *menu)
{
	const struct console_item *item;
	int row = screen->rows - BOTTOM_ROWS + 1;

	if (menu->selected == NO_ITEM)
		return;
	item = &menu->items->at[menu->selected];
	put(screen, row, 1, item->fault.len ? item->fault : item->details);
}

static void draw_help(const struct screen *screen, const struct console *menu)
{
	int row = screen->rows - BOTTOM_ROWS + 3;

	if (menu->view == CONSOLE_EDIT)
		put_string(screen, row, "Enter boots with it, Esc leaves it as it was.");
	else if (menu->view != CONSOLE_LIST)
		put_string(screen, row, "Enter goes on, Esc gives up.");
	if (menu->view != CONSOLE_LIST)
		return;
	put_string(screen, row, "Up and Down select, Enter boots, e edits the command line,");
	put_string(screen, row + 1,
		menu->items->protected
			? "Right enters a submenu, Esc leaves it, p takes a password."
			: "Right enters a submenu, Esc leaves it.");
}

static void draw_time(const struct screen *screen, const struct console *menu)
{
	_strbuf_ struct strbuf line = {0};

	if (menu->left_ms < 0)
		return;
	ui_say_time(menu, &line);
	strbuf_adds(&line, "; any key stops that.");
	put(screen, screen->rows - 1, 1, strbuf_text(&line));
}

/* The command line, wrapped; where it is long, the part with the cursor. */
static void draw_editor(const struct screen *screen, const struct console *menu)
{
	int top = TOP_ROWS + 2, bottom = screen->rows - BOTTOM_ROWS;
	int rows = bottom > top ? bottom - top : 1, columns = screen->columns - 2;
	struct wide_place cursor = wide_cursor(&menu->line, columns);
	int first = cursor.row < rows ? 0 : cursor.row - rows + 1;
	struct wide_place at = {0};
	struct text rest = line_text(&menu->line);

	put(screen, TOP_ROWS, 1 + put_string(screen, TOP_ROWS, "Command line of "),
		menu->items->at[menu->selected].title);
	while (rest.len) {
		struct wide_character c;

		rest = text_skip(rest, wide_next(rest, &c));
		wide_step(&at, &c, columns);
		if (at.row >= first && at.row < first + rows)
			put(screen, top + at.row - first, 1 + at.column, text_of(c.shown));
		at.column += c.columns;
	}
	move(top + cursor.row - first, 1 + cursor.column);
}

/* The message, or what is asked for; the cursor goes where it is typed. */
static void draw_question(const struct screen *screen, const struct console *menu)
{
	int row = screen->rows - BOTTOM_ROWS + 2;
	const char *asked = menu->view == CONSOLE_NAME ? "User name: " : "Password (not shown): ";

	if (menu->view == CONSOLE_CHECKING)
		put_string(screen, row, "Checking the password...");
	else if (menu->view == CONSOLE_LIST)
		put_string(screen, row, menu->message);
	if (menu->view != CONSOLE_NAME && menu->view != CONSOLE_PASSWORD)
		return;
	put_string(screen, row, asked);
	if (menu->view == CONSOLE_NAME)
		put(screen, row, 1 + (int)strlen(asked), line_text(&menu->line));
	else
		move(row, 1 + (int)strlen(asked));
}

static void screen_draw(struct ui *ui, struct console *menu)
{
	struct screen *screen = (struct screen *)ui;

	getmaxyx(stdscr, screen->rows, screen->columns);
	erase();
	draw_head(screen, menu);
	draw_help(screen, menu);
	draw_time(screen, menu);
	if (menu->view == CONSOLE_EDIT) {
		draw_editor(screen, menu);
	} else {
		draw_list(screen, menu);
		draw_details(screen, menu);
		draw_question(screen, menu);
	}
	if (menu->view == CONSOLE_LIST)
		move(screen->selected_row, 1);
	refresh();
}

/* ---- keys -------------------------------------------------------------------------------------- */

static int screen_read(struct ui *ui, struct console *menu)
{
	wint_t key;
	int r;

	(void)ui;
	for (;;) {
		struct console_input input = {.key = CONSOLE_KEY_OTHER};
		char text[MB_LEN_MAX];

		errno = 0;
		r = get_wch(&key);
		if (r == ERR)
			return errno == EIO ? -EIO : 0;
		if (r == KEY_CODE_YES && key == KEY_RESIZE)
			continue;
		input.key = r == KEY_CODE_YES ? key_of_code((int)key) : key_of_character(key);
		if (input.key == CONSOLE_KEY_REDRAW) {
			redrawwin(stdscr);
			continue;
		}
		if (input.key == CONSOLE_KEY_TEXT)
			input.text = (struct text){text, wide_encode(key, text)};
		console_press(menu, input);
		if (menu->order != CONSOLE_GO_ON)
			return 0;
	}
}

const struct ui_ops ui_screen = {
	.name = "screen",
	.open = screen_open,
	.draw = screen_draw,
	.read = screen_read,
	.close = screen_close,
};
