/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/show.h"

#include "core/kernel.h"
#include "pygrub/menu.h"
#include "pygrub/menu_program.h"
#include "pygrub/message.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A guest that asks for more would keep all that start after it waiting. */
enum { MAX_TIMEOUT_S = 300 };

enum { MAX_WRONG_LOGINS = 3, WRONG_DELAY_MS = 2000 };

/* ---- is it wanted? ------------------------------------------------------------------------------ */

/* A job in the background would be stopped at the first thing it did to the terminal. */
static bool is_in_background(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group >= 0 && group != getpgrp();
}

/* The descriptor that shows it: the answer may go to standard output. -1: none. */
static int find_display(bool asked)
{
	if (!isatty(STDIN_FILENO) || is_in_background())
		return -1;
	if (isatty(STDOUT_FILENO))
		return STDOUT_FILENO;
	return asked && isatty(STDERR_FILENO) ? STDERR_FILENO : -1;
}

bool show_is_wanted(const struct options *options, const struct config *config)
{
	if (options->menu == MENU_QUIET || options->list || options->is_config || options->kernel ||
		config->menu_never)
		return false;
	if (find_display(options->menu == MENU_ASKED) >= 0)
		return true;
	if (options->menu == MENU_ASKED)
		message_warning(
			options, TEXT("-i needs a terminal: booting without asking anybody"));
	return false;
}

/* How long the menu stands before the default boots; -1: for ever; 0: there is none. */
static int64_t find_wait_ms(const json_t *menu, const struct config *config)
{
	const json_t *timeout = json_object_get(menu, "timeout");
	int64_t seconds = json_integer_value(timeout);

	if (json_is_integer(timeout))
		return 1000 * (seconds < MAX_TIMEOUT_S ? seconds : MAX_TIMEOUT_S);
	return config->menu_wait_ms == MENU_WAIT_FOREVER ? -1 : (int64_t)config->menu_wait_ms;
}

/* ---- the menu of the tree ------------------------------------------------------------------------ */

struct show {
	struct job job;
	const struct watch *watch;
	const char **mountpoint;
	struct menu_program program;
	struct pick *pick;
	int json_fd; /* shared with bootfs-menu */
	int wrong_logins;
};

/* Reads it, and its text. */
static json_t *read_menu(struct show *show, struct strbuf *text, struct err *err)
{
	if (attempt_all(&show->job, show->watch, show->mountpoint, err) ||
		attempt_result(&show->job, text, err))
		return NULL;
	return menu_parse(strbuf_text(text), err);
}

/* Takes the menu over: it is what is shown, here and in bootfs-menu. */
static int set_menu(struct show *show, json_t *menu, struct text text, struct err *err)
{
	json_decref(show->pick->menu);
	show->pick->menu = menu;
	if (ftruncate(show->json_fd, 0) ||
		pwrite(show->json_fd, text.at, text.len, 0) != (ssize_t)text.len)
		return err_set(err, ENOMEM, "no memory for the menu");
	return 0;
}

/* ---- the conversation ---------------------------------------------------------------------------- */

static int take_choice(struct show *show, const struct menu_packet *packet)
{
	struct pick *pick = show->pick;
	json_t *entry = menu_entry(pick->menu, packet->index);
	json_t *protection = json_object_get(pick->menu, "protection");

	/* bootfs-menu asks for passwords, but it is not what keeps them. */
	if (!entry || json_is_true(json_object_get(entry, "restricted")) ||
		(packet->edited && json_is_true(json_object_get(protection, "edit"))))
		return -EPROTO;
	pick->chosen = true;
	pick->index = packet->index;
	pick->edited = packet->edited;
	if (pick->edited)
		strbuf_add(&pick->cmdline, menu_packet_text(packet));
	return pick->cmdline.failed;
}

static int refuse_login(const struct show *show, const char *why)
{
	struct menu_packet packet = {.message = MENU_TOLD_NO};

	menu_packet_set_text(&packet, text_of(why));
	return menu_packet_send(show->program.talk, &packet);
}

/* False: no password can be so long. */
static bool make_login(const struct menu_packet *packet, struct login_request *ret)
{
	*ret = (struct login_request){
		.name_len = packet->name_len, .password_len = packet->text_len};
	if (ret->name_len > sizeof(ret->name) || ret->password_len > sizeof(ret->password))
		return false;
	memcpy(ret->name, packet->name, ret->name_len);
	memcpy(ret->password, packet->text, ret->password_len);
	return true;
}

/* The menu as it is with this password, taken over where that is right. NULL with err: nothing. */
static const char *log_in(struct show *show, const struct menu_packet *packet, struct err *err)
{
	static const char *const results[] = {"right", "unknown kind", "wrong"};
	_strbuf_ struct strbuf text = {0};
	struct login_request login;
	const char *result = "wrong";
	struct text said;
	json_t *menu;

	if (!make_login(packet, &login))
		return result;
	show->job.login = &login;
	menu = read_menu(show, &text, err);
	show->job.login = NULL;
	explicit_bzero(&login, sizeof(login));
	if (!menu)
		return NULL;
	said = menu_string(menu, "login");
	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		if (text_is(said, results[i]))
			result = results[i];
	}
	if (strcmp(result, "right") != 0)
		json_decref(menu);
	else if (set_menu(show, menu, strbuf_text(&text), err))
		return NULL;
	return result;
}

/* After a wrong password the next one has to wait. -EINTR: a signal came. */
static int delay(const struct show *show)
{
	struct pollfd fd = {.fd = show->watch->signal_fd, .events = POLLIN};

	return poll(&fd, 1, WRONG_DELAY_MS) > 0 ? -EINTR : 0;
}

static int check_login(struct show *show, const struct menu_packet *packet)
{
	static const struct menu_packet accepted = {.message = MENU_TOLD_YES};
	struct err err = {0};
	const char *result;
	int r;

	if (show->wrong_logins >= MAX_WRONG_LOGINS)
		return refuse_login(show, "Too many wrong passwords.");
	result = log_in(show, packet, &err);
	if (!result)
		return err.code ? refuse_login(show, err.text) : -EINTR;
	if (!strcmp(result, "right"))
		return menu_packet_send(show->program.talk, &accepted);
	if (!strcmp(result, "unknown kind"))
		return refuse_login(show, "A password of this kind is not accepted here.");
	show->wrong_logins++;
	message_log(show->job.options, TEXT("wrong password at the boot menu"));
	r = delay(show);
	return r ? r : refuse_login(show, "Wrong password.");
}

/* 1: it is decided. */
static int take_message(struct show *show, const struct menu_packet *packet)
{
	int r;

	if (packet->message == MENU_SAYS_LOGIN)
		return check_login(show, packet);
	if (packet->message == MENU_SAYS_DEFAULT)
		return 1;
	if (packet->message != MENU_SAYS_BOOT)
		return -EPROTO;
	r = take_choice(show, packet);
	return r ? r : 1;
}

static int listen_to(struct show *show)
{
	struct menu_packet packet;
	int r = menu_packet_receive(show->program.talk, &packet);

	if (!r)
		r = take_message(show, &packet);
	menu_packet_wipe(&packet);
	return r;
}

/* Until it is decided. -EINTR: a signal. */
static int converse(struct show *show)
{
	struct pollfd fds[] = {{.fd = show->program.talk, .events = POLLIN},
		{.fd = show->watch->signal_fd, .events = POLLIN}};
	int r = 0;

	while (r == 0) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			return -errno;
		if (fds[1].revents)
			return -EINTR;
		r = listen_to(show);
	}
	return r < 0 ? r : 0;
}

/* What goes wrong from here on costs the menu, not the start. */
static int run_program(struct show *show, int64_t wait_ms)
{
	const struct options *options = show->job.options;
	struct err err = {0};
	struct menu_program_settings settings = {
		.display = find_display(options->menu == MENU_ASKED),
		.json_fd = show->json_fd,
		.wait_ms = wait_ms,
		.uid = options->has_runas ? options->runas : 0,
	};
	int r = menu_program_start(&settings, &show->program, &err);

	if (!r) {
		r = converse(show);
		menu_program_stop(&show->program);
	}
	if (r && r != -EINTR) {
		_strbuf_ struct strbuf line = {0};

		strbuf_addf(&line, "no menu: %s; booting the default entry",
			err.code ? err.text : "bootfs-menu ended before anything was chosen");
		message_warning(options, strbuf_text(&line));
		return 0;
	}
	return r;
}

int show_menu(const struct job *job, const struct watch *watch, const char **mountpoint,
	struct pick *ret, struct err *err)
{
	_close_ int json_fd = kernel_memory_file("menu", MFD_CLOEXEC);
	struct show show = {.job = *job,
		.watch = watch,
		.mountpoint = mountpoint,
		.pick = ret,
		.json_fd = json_fd};
	_strbuf_ struct strbuf text = {0};
	int64_t wait_ms;
	json_t *menu;
	int r;

	if (json_fd < 0)
		return err_set(err, errno, "no memory for the menu: %m");
	show.job.kind = JOB_MENU;
	menu = read_menu(&show, &text, err);
	if (!menu)
		return err->code ? -err->code : -EINTR;
	r = set_menu(&show, menu, strbuf_text(&text), err);
	if (r)
		return r;
	wait_ms = find_wait_ms(ret->menu, job->config);
	return wait_ms ? run_program(&show, wait_ms) : 0;
}
