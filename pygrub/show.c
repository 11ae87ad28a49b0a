/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pygrub/show.h"

#include "pygrub/menu.h"
#include "pygrub/menu_program.h"
#include "pygrub/message.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A guest that asks for more would keep all that start after it waiting. */
enum { MAX_TIMEOUT_S = 300 };

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
};

/* Reads it into pick->menu, and as it is into json_fd. */
static int read_menu(struct show *show, struct err *err)
{
	_strbuf_ struct strbuf text = {0};
	json_t *menu;

	if (attempt_all(&show->job, show->watch, show->mountpoint, err))
		return err->code ? -err->code : -EINTR;
	if (attempt_result(&show->job, &text, err))
		return -err->code;
	menu = menu_parse(strbuf_text(&text), err);
	if (!menu)
		return -err->code;
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

	if (!entry || json_is_true(json_object_get(entry, "restricted")))
		return -EPROTO;
	pick->chosen = true;
	pick->index = packet->index;
	pick->edited = packet->edited;
	if (pick->edited)
		strbuf_add(&pick->cmdline, menu_packet_text(packet));
	return pick->cmdline.failed;
}

static int refuse_login(const struct show *show)
{
	struct menu_packet packet = {.message = MENU_TOLD_NO};

	menu_packet_set_text(&packet, TEXT("This version accepts no passwords."));
	return menu_packet_send(show->program.talk, &packet);
}

/* 1: it is decided. */
static int take_message(struct show *show, const struct menu_packet *packet)
{
	int r;

	if (packet->message == MENU_SAYS_LOGIN)
		return refuse_login(show);
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
	_close_ int json_fd = memfd_create("menu", MFD_CLOEXEC);
	struct show show = {.job = *job,
		.watch = watch,
		.mountpoint = mountpoint,
		.pick = ret,
		.json_fd = json_fd};
	int64_t wait_ms;
	int r;

	if (json_fd < 0)
		return err_set(err, errno, "no memory for the menu: %m");
	show.job.kind = JOB_MENU;
	r = read_menu(&show, err);
	if (r)
		return r;
	wait_ms = find_wait_ms(ret->menu, job->config);
	return wait_ms ? run_program(&show, wait_ms) : 0;
}
