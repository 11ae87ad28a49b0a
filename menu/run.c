/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu/run.h"

#include "core/clock.h"
#include "menu/ui.h"
#include "pygrub/menu_talk.h"
#include "pygrub/runas.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

enum {
	JSON_BYTES = 256 << 20,
	MENU_MEMORY = 1 << 30, /* for what the JSON becomes */
	STUCK_S = 15,          /* a terminal that takes nothing for so long takes nothing */
};

struct shown {
	struct arena arena;
	struct console_items items;
};

struct run {
	struct shown shown[2]; /* while a login changes the items both are needed */
	unsigned current;      /* which of them the menu has */
	struct console menu;
	struct ui *ui;
	const struct terminal terminal;
};

/* ---- beginning --------------------------------------------------------------------------------- */

/* Titles are UTF-8, whatever the environment that xl gives says. */
static void use_utf8(void)
{
	const char *set = setlocale(LC_CTYPE, "");

	if (!set || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static int read_items(struct shown *shown, struct err *err)
{
	struct text json = {0};
	struct stat st;
	int r;

	arena_done(&shown->arena);
	arena_init(&shown->arena, MENU_MEMORY);
	if (fstat(MENU_JSON_FD, &st) || st.st_size <= 0 || st.st_size > JSON_BYTES)
		return err_set(err, EPROTO, "no menu");
	json.len = (size_t)st.st_size;
	json.at = mmap(NULL, json.len, PROT_READ, MAP_PRIVATE, MENU_JSON_FD, 0);
	if (json.at == MAP_FAILED)
		return err_set(err, errno, "no menu: %m");
	r = console_items_read(json, &shown->arena, &shown->items, err);
	munmap((void *)(uintptr_t)json.at, json.len);
	return r;
}

/*
 * A terminal that is stopped (Ctrl-S, a serial line without a reader) makes us wait in a write.
 * Until a key is pressed that must not keep the guest from booting: then the signal ends us, and
 * bootfs-pygrub boots the default.
 */
static void watch_terminal(int64_t wait_ms)
{
	if (wait_ms >= 0)
		alarm((unsigned)(wait_ms / 1000) + STUCK_S);
}

static void end_soon(int signal_number)
{
	(void)signal_number;
	alarm(2);
}

/*
 * When bootfs-pygrub dies the end of the conversation tells, and the terminal is put in order. But
 * it may be the terminal that we wait for.
 */
static void end_with_parent(void)
{
	signal(SIGHUP, end_soon);
	prctl(PR_SET_PDEATHSIG, SIGHUP);
}

/* ---- a menu that is hidden ---------------------------------------------------------------------- */

/* Waits for a key. -EIO: the terminal is gone. */
static int stay_hidden(struct run *run)
{
	static const struct console_input no_key = {.key = CONSOLE_KEY_OTHER};
	struct ui *ui = ui_plain.open(&run->terminal);
	struct pollfd fd = {.fd = run->terminal.in, .events = POLLIN};
	_strbuf_ struct strbuf line = {0};
	int64_t since = now_ms();
	char keys[64];
	int n;

	if (!ui)
		return -ENOMEM;
	ui_say_time(&run->menu, &line);
	strbuf_adds(&line, "; any key shows the menu.\r\n");
	ui_print(&run->terminal, strbuf_text(&line));
	do
		n = poll(&fd, 1, (int)run->menu.left_ms);
	while (n < 0 && errno == EINTR && now_ms() - since < run->menu.left_ms);
	if (n > 0 && read(fd.fd, keys, sizeof(keys)) <= 0)
		n = -1;
	ui->ops->close(ui);
	if (n > 0)
		console_press(&run->menu, no_key);
	else
		console_pass(&run->menu, run->menu.left_ms);
	return n < 0 ? -EIO : 0;
}

/* ---- the conversation --------------------------------------------------------------------------- */

static int say(struct run *run, enum menu_message message)
{
	struct menu_packet packet = {.message = message};
	const struct console *menu = &run->menu;
	int r;

	if (message == MENU_SAYS_BOOT) {
		packet.index = menu->items->at[menu->selected].index;
		packet.edited = menu->edited;
	}
	menu_packet_set_name(&packet, text_of(menu->name));
	if (message == MENU_SAYS_LOGIN || menu->edited)
		menu_packet_set_text(&packet, line_text(&menu->line));
	r = menu_packet_send(MENU_TALK_FD, &packet);
	menu_packet_wipe(&packet);
	return r;
}

/* What became of a login. */
static int hear(struct run *run)
{
	struct menu_packet packet;
	struct err err = {0};
	char why[200];
	int r = menu_packet_receive(MENU_TALK_FD, &packet);

	if (r)
		return r;
	if (packet.message == MENU_TOLD_NO) {
		snprintf(why, sizeof(why), "%.*s", TEXT_ARG(menu_packet_text(&packet)));
		console_logged_in(&run->menu, run->menu.items, why);
		return 0;
	}
	r = read_items(&run->shown[!run->current], &err);
	if (r)
		return r;
	run->current = !run->current;
	console_logged_in(&run->menu, &run->shown[run->current].items, NULL);
	return 0;
}

/* ---- the loop ----------------------------------------------------------------------------------- */

/* Until something comes, or the shown time changes. */
static int wait_ms(const struct console *menu)
{
	if (menu->left_ms < 0)
		return -1;
	return (int)((menu->left_ms - 1) % 1000 + 1);
}

static int step(struct run *run)
{
	struct pollfd fds[] = {
		{.fd = run->terminal.in, .events = POLLIN}, {.fd = MENU_TALK_FD, .events = POLLIN}};
	int64_t since = now_ms();
	int r = 0;

	run->ui->ops->draw(run->ui, &run->menu);
	if (poll(fds, ARRAY_SIZE(fds), wait_ms(&run->menu)) < 0 && errno != EINTR)
		return -errno;
	console_pass(&run->menu, now_ms() - since);
	if (fds[1].revents)
		return hear(run);
	if (fds[0].revents & (POLLHUP | POLLERR))
		return -EIO;
	/* Also without a key: a new size of the screen comes this way. */
	if (run->menu.order == CONSOLE_GO_ON && (fds[0].revents || run->ui->ops == &ui_screen))
		r = run->ui->ops->read(run->ui, &run->menu);
	if (run->menu.left_ms < 0)
		alarm(0);
	return r;
}

static int converse(struct run *run)
{
	int r = 0;

	while (!r) {
		r = step(run);
		if (run->menu.order == CONSOLE_LOG_IN && !r) {
			run->menu.order = CONSOLE_GO_ON;
			r = say(run, MENU_SAYS_LOGIN);
			line_wipe(&run->menu.line);
		}
		if (run->menu.order != CONSOLE_GO_ON)
			return r;
	}
	return r;
}

static int show(struct run *run)
{
	int r = 0;

	if (run->menu.items->hidden && run->menu.left_ms >= 0)
		r = stay_hidden(run);
	if (r || run->menu.order != CONSOLE_GO_ON)
		return r;
	if (run->menu.left_ms < 0)
		alarm(0);
	run->ui = ui_screen.open(&run->terminal);
	if (!run->ui)
		run->ui = ui_plain.open(&run->terminal);
	if (!run->ui)
		return -ENOMEM;
	r = converse(run);
	run->ui->ops->close(run->ui);
	return r;
}

/* The last word, when the terminal is as it was before. */
static int conclude(struct run *run)
{
	const struct console *menu = &run->menu;
	bool chosen = menu->order == CONSOLE_BOOT;
	uint32_t item = chosen ? menu->selected : menu->items->default_item;
	_strbuf_ struct strbuf line = {0};

	if (item != NO_ITEM) {
		strbuf_adds(&line, "Booting ");
		strbuf_add(&line, menu->items->at[item].title);
		strbuf_adds(&line, "\r\n");
		ui_print(&run->terminal, strbuf_text(&line));
	}
	return say(run, chosen ? MENU_SAYS_BOOT : MENU_SAYS_DEFAULT);
}

int console_run(const struct console_settings *settings)
{
	struct run run = {.terminal = {STDIN_FILENO, STDOUT_FILENO}};
	struct err err = {0};
	int r;

	if (settings->uid && runas(settings->uid, getppid(), &err)) {
		fprintf(stderr, "bootfs-menu: %s\n", err.text);
		return 1;
	}
	end_with_parent();
	use_utf8();
	r = read_items(&run.shown[0], &err);
	if (!r) {
		watch_terminal(settings->wait_ms);
		console_begin(&run.menu, &run.shown[0].items, settings->wait_ms);
		r = show(&run);
	}
	if (!r)
		r = conclude(&run);
	line_wipe(&run.menu.line);
	arena_done(&run.shown[0].arena);
	arena_done(&run.shown[1].arena);
	return r ? 1 : 0;
}
