/* The boot menu as a plain list, for terminals that can do no more. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu/ui.h"
#include "menu/wide.h"

#include <errno.h>
#include <termios.h>

enum { MAX_SHOWN = 1000 }; /* entries; a longer list helps nobody */

/* What was shown last. */
struct shown {
	const struct console_items *items;
	enum console_view view;
	char message[sizeof(((struct console *)0)->message)];
};

struct plain {
	struct ui ui;
	struct termios before;
	bool was_terminal;
	bool after_cr; /* a newline that follows belongs to it */
	bool prompted;
	struct shown shown;
	struct line line; /* being typed */
};

/* ---- opening ----------------------------------------------------------------------------------- */

static struct ui *plain_open(const struct terminal *terminal)
{
	struct plain *plain = calloc(1, sizeof(*plain));
	struct termios raw;

	if (!plain)
		return NULL;
	plain->ui = (struct ui){&ui_plain, *terminal};
	plain->was_terminal = !tcgetattr(terminal->in, &plain->before);
	if (plain->was_terminal) {
		raw = plain->before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_oflag &= ~(tcflag_t)OPOST;
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		tcsetattr(terminal->in, TCSANOW, &raw);
	}
	return &plain->ui;
}

static void plain_close(struct ui *ui)
{
	struct plain *plain = (struct plain *)ui;

	if (plain->was_terminal)
		tcsetattr(ui->terminal.in, TCSANOW, &plain->before);
	line_wipe(&plain->line);
	free(plain);
}

/* ---- showing ----------------------------------------------------------------------------------- */

static void print(const struct plain *plain, struct text text)
{
	ui_print(&plain->ui.terminal, text);
}

static void list_item(const struct console_items *items, uint32_t i, struct strbuf *out)
{
	const struct console_item *item = &items->at[i];

	if (item->submenu)
		strbuf_adds(out, "      ");
	else
		strbuf_addf(out, "%s%3llu  ", i == items->default_item ? "*" : " ",
			(unsigned long long)item->index);
	for (uint32_t depth = console_item_depth(items, i); depth; depth--)
		strbuf_adds(out, "  ");
	strbuf_add(out, item->title);
	if (item->submenu)
		strbuf_addc(out, ':');
	if (item->restricted)
		strbuf_adds(out, "  [password]");
	if (item->fault.len)
		strbuf_adds(out, "  [cannot boot]");
	strbuf_adds(out, "\r\n");
}

static void list_items(const struct plain *plain, const struct console *menu)
{
	const struct console_items *items = menu->items;
	_strbuf_ struct strbuf out = {0};

	strbuf_adds(&out, "\r\nBoot menu of ");
	strbuf_add(&out, items->subject);
	strbuf_adds(&out, "\r\n\r\n");
	for (uint32_t i = 0; i < items->count && i < MAX_SHOWN; i++)
		list_item(items, i, &out);
	if (items->count > MAX_SHOWN)
		strbuf_addf(&out, "      and %u more\r\n", items->count - MAX_SHOWN);
	strbuf_adds(&out,
		"\r\nType a number to boot that entry, nothing to boot *, e and a number\r\n"
		"to edit its command line");
	strbuf_adds(&out,
		items->protected ? ", p to give a password; then Enter.\r\n" : "; then Enter.\r\n");
	if (menu->left_ms >= 0) {
		ui_say_time(menu, &out);
		strbuf_adds(&out, "; any key stops that.\r\n");
	}
	print(plain, strbuf_text(&out));
}

static void show_command_line(const struct plain *plain, const struct console *menu)
{
	struct text rest = line_text(&menu->line);
	_strbuf_ struct strbuf out = {0};

	strbuf_adds(&out, "Its command line:\r\n");
	while (rest.len) {
		struct wide_character c;

		rest = text_skip(rest, wide_next(rest, &c));
		strbuf_adds(&out, c.shown);
	}
	strbuf_adds(&out, "\r\nType another one, or nothing to keep it; Esc leaves it.\r\n");
	print(plain, strbuf_text(&out));
}

static void prompt(struct plain *plain, enum console_view view)
{
	static const char *const prompts[] = {
		[CONSOLE_LIST] = "> ",
		[CONSOLE_EDIT] = "> ",
		[CONSOLE_NAME] = "User name: ",
		[CONSOLE_PASSWORD] = "Password (not shown): ",
		[CONSOLE_CHECKING] = "Checking the password...\r\n",
	};

	print(plain, text_of(prompts[view]));
	plain->prompted = true;
}

static void plain_draw(struct ui *ui, struct console *menu)
{
	struct plain *plain = (struct plain *)ui;
	struct shown *shown = &plain->shown;

	if (menu->message[0] && strcmp(menu->message, shown->message) != 0) {
		print(plain, text_of(menu->message));
		print(plain, TEXT("\r\n"));
		plain->prompted = false;
	}
	memcpy(shown->message, menu->message, sizeof(shown->message));
	if (plain->prompted && shown->items == menu->items && shown->view == menu->view)
		return;
	if (shown->items != menu->items)
		list_items(plain, menu);
	if (menu->view == CONSOLE_EDIT)
		show_command_line(plain, menu);
	shown->items = menu->items;
	shown->view = menu->view;
	prompt(plain, menu->view);
}

/* ---- reading ----------------------------------------------------------------------------------- */

static void press(struct console *menu, enum console_key key)
{
	console_press(menu, (struct console_input){.key = key});
}

/* An entry by its number; NO_ITEM: there is none. */
static uint32_t find_number(const struct console_items *items, struct text word)
{
	uint64_t number;

	for (uint32_t i = 0; text_number(word, &number) && i < items->count; i++) {
		if (!items->at[i].submenu && items->at[i].index == number)
			return i;
	}
	return NO_ITEM;
}

/* What was typed at the list. */
static void take_choice(struct plain *plain, struct console *menu)
{
	struct text word = text_trim(line_text(&plain->line));
	bool edit = word.len && (word.at[0] == 'e' || word.at[0] == 'a');
	uint32_t item = menu->items->default_item;

	if (text_is(word, "p")) {
		console_press(menu, (struct console_input){CONSOLE_KEY_TEXT, word});
		return;
	}
	word = text_trim(text_skip(word, edit));
	if (word.len)
		item = find_number(menu->items, word);
	if (item == NO_ITEM)
		print(plain, TEXT("There is no such entry.\r\n"));
	else
		console_pick(menu, item, edit);
}

/* What was typed for a line: nothing keeps what is there. */
static void take_text(const struct plain *plain, struct console *menu)
{
	struct text text = line_text(&plain->line);

	if (text.len) {
		press(menu, CONSOLE_KEY_LAST);
		press(menu, CONSOLE_KEY_CUT_BEFORE);
		console_press(menu, (struct console_input){CONSOLE_KEY_TEXT, text});
	}
	press(menu, CONSOLE_KEY_ENTER);
}

static void take_enter(struct plain *plain, struct console *menu)
{
	print(plain, TEXT("\r\n"));
	plain->prompted = false;
	if (menu->view == CONSOLE_LIST)
		take_choice(plain, menu);
	else
		take_text(plain, menu);
	line_wipe(&plain->line);
}

static void rub_out(struct plain *plain, bool echo)
{
	struct wide_character c;
	size_t before = plain->line.cursor;
	struct text gone;

	line_left(&plain->line);
	gone = (struct text){plain->line.at + plain->line.cursor, before - plain->line.cursor};
	if (gone.len)
		(void)wide_next(gone, &c);
	for (int i = 0; echo && gone.len && i < c.columns; i++)
		print(plain, TEXT("\b \b"));
	line_delete(&plain->line);
}

static void take_byte(struct plain *plain, struct console *menu, char byte)
{
	bool echo = menu->view != CONSOLE_PASSWORD;
	bool follows_cr = plain->after_cr;
	struct text text = {&byte, 1};

	plain->after_cr = byte == '\r';
	press(menu, CONSOLE_KEY_OTHER); /* stops the time */
	if (byte == '\n' && follows_cr)
		return;
	if (byte == '\r' || byte == '\n') {
		take_enter(plain, menu);
	} else if (byte == 0x1b) {
		print(plain, TEXT("\r\n"));
		plain->prompted = false;
		line_wipe(&plain->line);
		press(menu, CONSOLE_KEY_ESCAPE);
	} else if (byte == 0x7f || byte == '\b') {
		rub_out(plain, echo);
	} else if ((unsigned char)byte >= 0x20) {
		line_insert(&plain->line, text);
		if (echo)
			print(plain, text);
	}
}

static int plain_read(struct ui *ui, struct console *menu)
{
	struct plain *plain = (struct plain *)ui;
	char bytes[64];
	ssize_t n = read(ui->terminal.in, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		return -EIO;
	for (ssize_t i = 0; i < n && menu->order == CONSOLE_GO_ON; i++)
		take_byte(plain, menu, bytes[i]);
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

const struct ui_ops ui_plain = {
	.name = "plain",
	.open = plain_open,
	.draw = plain_draw,
	.read = plain_read,
	.close = plain_close,
};
