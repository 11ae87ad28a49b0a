/* The boot menu on a terminal, without one: keys and time in, what to show and do out. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu/model.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* Items: 0 First, 1 More (submenu) with 2 Old and 3 Older, 4 Broken, 5 Last. Default: Older. */
static const char plain[] =
	"{\"domain\":\"mail\",\"timeout\":7,\"timeout_style\":\"menu\",\"default_index\":2,"
	"\"entries\":["
	"{\"index\":0,\"path\":[0],\"title\":\"First\",\"submenu\":false,\"bootable\":true,"
	"\"cmdline\":\"root=/dev/xvda1 ro\",\"kernel\":{\"path\":\"/vmlinuz\"}},"
	"{\"index\":null,\"path\":[1],\"title\":\"More\",\"submenu\":true},"
	"{\"index\":1,\"path\":[1,0],\"title\":\"Old\",\"bootable\":true,\"cmdline\":\"old\"},"
	"{\"index\":2,\"path\":[1,1],\"title\":\"Older\",\"bootable\":true,\"cmdline\":\"older\"},"
	"{\"index\":3,\"path\":[2],\"title\":\"Bro\\u001bken\",\"bootable\":false,"
	"\"error\":\"kernel missing\"},"
	"{\"index\":4,\"path\":[3],\"title\":\"Last\",\"bootable\":true,\"cmdline\":\"\"}]}";

/* The submenu and what is in it need a password, so does editing. */
static const char locked[] =
	"{\"domain\":null,\"timeout\":null,\"default_index\":null,"
	"\"protection\":{\"edit\":true,\"names\":true},\"entries\":["
	"{\"index\":0,\"path\":[0],\"title\":\"Free\",\"bootable\":true,\"cmdline\":\"free\"},"
	"{\"index\":null,\"path\":[1],\"title\":\"Locked\",\"submenu\":true,\"restricted\":true},"
	"{\"index\":1,\"path\":[1,0],\"title\":\"Inside\",\"bootable\":true,\"restricted\":true,"
	"\"cmdline\":\"in\"}]}";

static const char unlocked[] =
	"{\"protection\":{\"names\":true},\"entries\":["
	"{\"index\":0,\"path\":[0],\"title\":\"Free\",\"bootable\":true,\"cmdline\":\"free\"},"
	"{\"index\":null,\"path\":[1],\"title\":\"Locked\",\"submenu\":true},"
	"{\"index\":1,\"path\":[1,0],\"title\":\"Inside\",\"bootable\":true,\"cmdline\":\"in\"}]}";

struct fixture {
	struct arena arena;
	struct console_items items, more;
	struct console menu;
};

static void read_items(struct fixture *f, const char *json, struct console_items *ret)
{
	struct err err = {0};

	assert_int_equal(console_items_read(text_of(json), &f->arena, ret, &err), 0);
}

static void begin(struct fixture *f, const char *json, int64_t wait_ms)
{
	*f = (struct fixture){0};
	arena_init(&f->arena, 1 << 20);
	read_items(f, json, &f->items);
	console_begin(&f->menu, &f->items, wait_ms);
}

static void press(struct fixture *f, enum console_key key)
{
	console_press(&f->menu, (struct console_input){.key = key});
}

static void type(struct fixture *f, const char *text)
{
	console_press(&f->menu, (struct console_input){CONSOLE_KEY_TEXT, text_of(text)});
}

static void assert_selected(const struct fixture *f, const char *title)
{
	assert_int_not_equal(f->menu.selected, NO_ITEM);
	assert_string_equal(f->items.at[f->menu.selected].title.at, title);
}

/* ---- items ------------------------------------------------------------------------------------- */

static void reads_a_menu(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, -1);
	assert_int_equal(f.items.count, 6);
	assert_int_equal(f.items.default_item, 3);
	assert_false(f.items.hidden);
	assert_int_equal(console_item_depth(&f.items, 3), 1);
	assert_int_equal(f.items.at[3].parent, 1);
	assert_int_equal(f.items.at[4].parent, NO_ITEM);
	arena_done(&f.arena);
}

static void escapes_what_a_terminal_would_obey(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, -1);
	assert_string_equal(f.items.at[4].title.at, "Bro\\eken");
	arena_done(&f.arena);
}

static void refuses_what_is_no_menu(void **state)
{
	struct arena arena;
	struct console_items items;
	struct err err = {0};

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(console_items_read(TEXT("{}"), &arena, &items, &err), -EPROTO);
	arena_done(&arena);
}

/* ---- moving ------------------------------------------------------------------------------------ */

static void begins_at_what_leads_to_the_default(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, 7000);
	assert_selected(&f, "More");
	press(&f, CONSOLE_KEY_ENTER);
	assert_selected(&f, "Older");
	arena_done(&f.arena);
}

static void moves_within_one_list(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, -1);
	press(&f, CONSOLE_KEY_DOWN);
	assert_selected(&f, "Bro\\eken");
	press(&f, CONSOLE_KEY_LAST);
	assert_selected(&f, "Last");
	press(&f, CONSOLE_KEY_DOWN);
	assert_selected(&f, "Last");
	press(&f, CONSOLE_KEY_FIRST);
	assert_selected(&f, "First");
	press(&f, CONSOLE_KEY_UP);
	assert_selected(&f, "First");
	f.menu.page = 2;
	press(&f, CONSOLE_KEY_PAGE_DOWN);
	assert_selected(&f, "Bro\\eken");
	arena_done(&f.arena);
}

static void enters_and_leaves_submenus(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, -1);
	press(&f, CONSOLE_KEY_RIGHT);
	press(&f, CONSOLE_KEY_UP);
	assert_selected(&f, "Old");
	press(&f, CONSOLE_KEY_RIGHT); /* an entry: nothing */
	assert_selected(&f, "Old");
	press(&f, CONSOLE_KEY_ESCAPE);
	assert_selected(&f, "More");
	press(&f, CONSOLE_KEY_ENTER);
	press(&f, CONSOLE_KEY_LEFT);
	assert_selected(&f, "More");
	press(&f, CONSOLE_KEY_LEFT);
	assert_selected(&f, "More");
	assert_int_equal(f.menu.order, CONSOLE_GO_ON);
	arena_done(&f.arena);
}

static void an_empty_menu_takes_keys(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, "{\"entries\":[]}", 1000);
	for (int key = CONSOLE_KEY_UP; key <= CONSOLE_KEY_OTHER; key++)
		press(&f, (enum console_key)key);
	type(&f, "e");
	assert_int_equal(f.menu.selected, NO_ITEM);
	assert_int_equal(f.menu.order, CONSOLE_GO_ON);
	arena_done(&f.arena);
}

/* ---- time -------------------------------------------------------------------------------------- */

static void boots_the_default_when_time_is_over(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, 7000);
	console_pass(&f.menu, 6999);
	assert_int_equal(f.menu.order, CONSOLE_GO_ON);
	console_pass(&f.menu, 1000);
	assert_int_equal(f.menu.order, CONSOLE_BOOT_DEFAULT);
	arena_done(&f.arena);
}

static void the_first_key_stops_the_time(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, 7000);
	press(&f, CONSOLE_KEY_OTHER);
	console_pass(&f.menu, 1000000);
	assert_int_equal(f.menu.order, CONSOLE_GO_ON);
	assert_int_equal(f.menu.left_ms, -1);
	arena_done(&f.arena);
}

/* ---- booting and editing ------------------------------------------------------------------------ */

static void boots_what_is_selected(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, -1);
	press(&f, CONSOLE_KEY_LAST);
	press(&f, CONSOLE_KEY_ENTER);
	assert_int_equal(f.menu.order, CONSOLE_BOOT);
	assert_false(f.menu.edited);
	assert_int_equal(f.items.at[f.menu.selected].index, 4);
	arena_done(&f.arena);
}

static void says_why_an_entry_cannot_boot(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, -1);
	press(&f, CONSOLE_KEY_DOWN);
	press(&f, CONSOLE_KEY_ENTER);
	assert_int_equal(f.menu.order, CONSOLE_GO_ON);
	assert_string_equal(f.menu.message, "It cannot boot: kernel missing");
	type(&f, "e");
	assert_int_equal(f.menu.view, CONSOLE_LIST);
	arena_done(&f.arena);
}

static void edits_a_command_line(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, -1);
	press(&f, CONSOLE_KEY_FIRST);
	type(&f, "e");
	assert_int_equal(f.menu.view, CONSOLE_EDIT);
	press(&f, CONSOLE_KEY_BACKSPACE);
	press(&f, CONSOLE_KEY_BACKSPACE);
	type(&f, "rw \xc3\xbc");
	press(&f, CONSOLE_KEY_BACKSPACE); /* a whole character */
	type(&f, "s");
	press(&f, CONSOLE_KEY_FIRST);
	type(&f, "x ");
	press(&f, CONSOLE_KEY_ENTER);
	assert_int_equal(f.menu.order, CONSOLE_BOOT);
	assert_true(f.menu.edited);
	assert_true(text_is(line_text(&f.menu.line), "x root=/dev/xvda1 rw s"));
	arena_done(&f.arena);
}

static void an_edit_that_changes_nothing_is_none(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, -1);
	press(&f, CONSOLE_KEY_FIRST);
	type(&f, "a");
	type(&f, "!");
	press(&f, CONSOLE_KEY_BACKSPACE);
	press(&f, CONSOLE_KEY_ENTER);
	assert_int_equal(f.menu.order, CONSOLE_BOOT);
	assert_false(f.menu.edited);
	arena_done(&f.arena);
}

static void escape_leaves_the_editor(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, -1);
	press(&f, CONSOLE_KEY_FIRST);
	type(&f, "e");
	type(&f, "junk");
	press(&f, CONSOLE_KEY_ESCAPE);
	assert_int_equal(f.menu.view, CONSOLE_LIST);
	press(&f, CONSOLE_KEY_ENTER);
	assert_false(f.menu.edited);
	arena_done(&f.arena);
}

static void a_line_has_an_end(void **state)
{
	static struct line line;
	static char much[LINE_BYTES + 1];

	(void)state;
	memset(much, 'x', sizeof(much));
	assert_false(line_set(&line, (struct text){much, sizeof(much)}));
	assert_true(line_set(&line, (struct text){much, LINE_BYTES}));
	line_insert(&line, TEXT("y"));
	assert_int_equal(line.len, LINE_BYTES);
	line.cursor = 3;
	line_cut_before(&line);
	line_cut_after(&line);
	assert_int_equal(line.len, 0);
	line_backspace(&line);
	line_delete(&line);
	line_left(&line);
	line_right(&line);
	assert_int_equal(line.cursor, 0);
}

/* ---- passwords ---------------------------------------------------------------------------------- */

static void asks_before_it_boots_what_is_locked(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, locked, -1);
	assert_true(f.items.at[2].restricted);
	console_pick(&f.menu, 2, false);
	assert_int_equal(f.menu.view, CONSOLE_NAME);
	arena_done(&f.arena);
}

static void asks_before_it_enters_and_edits(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, locked, -1);
	type(&f, "e");
	assert_int_equal(f.menu.view, CONSOLE_NAME);
	press(&f, CONSOLE_KEY_ESCAPE);
	press(&f, CONSOLE_KEY_DOWN);
	press(&f, CONSOLE_KEY_ENTER);
	type(&f, "root");
	press(&f, CONSOLE_KEY_ENTER);
	assert_int_equal(f.menu.view, CONSOLE_PASSWORD);
	assert_int_equal(f.menu.line.len, 0);
	type(&f, "secret");
	press(&f, CONSOLE_KEY_ENTER);
	assert_int_equal(f.menu.order, CONSOLE_LOG_IN);
	assert_int_equal(f.menu.view, CONSOLE_CHECKING);
	assert_string_equal(f.menu.name, "root");
	assert_true(text_is(line_text(&f.menu.line), "secret"));
	press(&f, CONSOLE_KEY_ENTER); /* keys wait for nothing meanwhile */
	assert_int_equal(f.menu.view, CONSOLE_CHECKING);
	arena_done(&f.arena);
}

static void log_in(struct fixture *f, const char *items, const char *message)
{
	type(f, "root");
	press(f, CONSOLE_KEY_ENTER);
	type(f, "secret");
	press(f, CONSOLE_KEY_ENTER);
	read_items(f, items, &f->more);
	console_logged_in(&f->menu, &f->more, message);
}

static void asks_for_no_password_where_none_is_needed(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, plain, -1);
	type(&f, "p");
	assert_int_equal(f.menu.view, CONSOLE_LIST);
	assert_string_equal(f.menu.message, "Nothing here needs a password.");
	arena_done(&f.arena);
	begin(&f, locked, -1);
	type(&f, "p");
	assert_int_equal(f.menu.view, CONSOLE_NAME);
	arena_done(&f.arena);
}

static void goes_on_with_what_the_password_was_for(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, locked, -1);
	type(&f, "e");
	log_in(&f, unlocked, NULL);
	assert_int_equal(f.menu.view, CONSOLE_EDIT);
	assert_true(text_is(line_text(&f.menu.line), "free"));
	press(&f, CONSOLE_KEY_ESCAPE);
	press(&f, CONSOLE_KEY_DOWN);
	press(&f, CONSOLE_KEY_ENTER);
	assert_selected(&f, "Inside");
	arena_done(&f.arena);
}

static void a_wrong_password_opens_nothing_and_is_forgotten(void **state)
{
	struct fixture f;
	const char none[sizeof(f.menu.line)] = {0};

	(void)state;
	begin(&f, locked, -1);
	press(&f, CONSOLE_KEY_DOWN);
	press(&f, CONSOLE_KEY_ENTER);
	log_in(&f, locked, "Wrong password.");
	assert_int_equal(f.menu.view, CONSOLE_LIST);
	assert_int_equal(f.menu.order, CONSOLE_GO_ON);
	assert_string_equal(f.menu.message, "Wrong password.");
	assert_memory_equal(&f.menu.line, none, sizeof(none));
	assert_selected(&f, "Locked");
	arena_done(&f.arena);
}

static void a_right_password_that_does_not_open_this_says_so(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, locked, -1);
	press(&f, CONSOLE_KEY_DOWN);
	press(&f, CONSOLE_KEY_ENTER);
	log_in(&f, locked, NULL);
	assert_string_equal(f.menu.message, "That password does not open this.");
	assert_int_equal(f.menu.view, CONSOLE_LIST);
	arena_done(&f.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_menu),
		cmocka_unit_test(escapes_what_a_terminal_would_obey),
		cmocka_unit_test(refuses_what_is_no_menu),
		cmocka_unit_test(begins_at_what_leads_to_the_default),
		cmocka_unit_test(moves_within_one_list),
		cmocka_unit_test(enters_and_leaves_submenus),
		cmocka_unit_test(an_empty_menu_takes_keys),
		cmocka_unit_test(boots_the_default_when_time_is_over),
		cmocka_unit_test(the_first_key_stops_the_time),
		cmocka_unit_test(boots_what_is_selected),
		cmocka_unit_test(says_why_an_entry_cannot_boot),
		cmocka_unit_test(edits_a_command_line),
		cmocka_unit_test(an_edit_that_changes_nothing_is_none),
		cmocka_unit_test(escape_leaves_the_editor),
		cmocka_unit_test(a_line_has_an_end),
		cmocka_unit_test(asks_before_it_boots_what_is_locked),
		cmocka_unit_test(asks_before_it_enters_and_edits),
		cmocka_unit_test(asks_for_no_password_where_none_is_needed),
		cmocka_unit_test(goes_on_with_what_the_password_was_for),
		cmocka_unit_test(a_wrong_password_opens_nothing_and_is_forgotten),
		cmocka_unit_test(a_right_password_that_does_not_open_this_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
