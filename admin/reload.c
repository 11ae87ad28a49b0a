/* bootfs reload: makes the daemon re-read its configuration. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/commands.h"

#include "admin/say.h"
#include "admin/view.h"
#include "core/kernel.h"
#include "pygrub/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>

enum {
	STATUS_BYTES = 16 << 20,
	TICK_MS = 20,
	TICKS = 60 * 1000 / TICK_MS, /* as long as it takes to ask xl's parser, and more */
};

/* What .status says; the text lives in `all`. */
struct state {
	struct strbuf all;
	uint64_t pid, asked, done, domains;
	bool refused;
};

static void state_done(struct state *state)
{
	strbuf_done(&state->all);
}

static void take_line(struct state *state, struct text line)
{
	struct text word, value = line;

	if (!text_cut(&value, ' ', &word))
		return;
	if (text_is(word, "pid"))
		(void)!text_number(value, &state->pid);
	else if (text_is(word, "asked"))
		(void)!text_number(value, &state->asked);
	else if (text_is(word, "done"))
		(void)!text_number(value, &state->done);
	else if (text_is(word, "domains"))
		(void)!text_number(value, &state->domains);
	else if (text_is(word, "result"))
		state->refused = text_is(value, "refused");
}

static const char *what_now(int code)
{
	if (code == ENOENT)
		return "; is an older bootfs running? systemctl restart bootfs";
	return code == EACCES ? "; only root may reload bootfs" : "";
}

static int read_state(const struct view *view, struct state *ret, struct err *err)
{
	_close_ int folder = open(view->mountpoint.at, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct text rest, line;
	int r;

	strbuf_done(&ret->all);
	*ret = (struct state){0};
	r = folder < 0 ? -errno : tree_read(folder, ".status", STATUS_BYTES, &ret->all);
	errno = -r;
	if (r)
		return err_set(err, -r, "%s/.status: %m%s", view->mountpoint.at, what_now(-r));
	rest = strbuf_text(&ret->all);
	while (text_cut(&rest, '\n', &line))
		take_line(ret, line);
	return 0;
}

/* To this very process: a number that was given to another one meanwhile gets no signal. */
static int send_signal(const struct view *view, const struct state *seen, struct err *err)
{
	_close_ int pidfd = kernel_pidfd_open((pid_t)seen->pid);
	CLEANUP(state_done) struct state now = {0};

	if (pidfd < 0)
		return err_set(err, errno, "bootfs, process %u: %m", (unsigned)seen->pid);
	if (read_state(view, &now, err))
		return -err->code;
	if (now.pid != seen->pid || kernel_pidfd_signal(pidfd, SIGHUP))
		return err_set(err, now.pid != seen->pid ? ESRCH : errno,
			"bootfs, process %u: cannot be told: %m", (unsigned)seen->pid);
	return 0;
}

/* Until a reading that began after we looked has ended. */
static int wait_for(const struct view *view, uint64_t after, struct state *state, struct err *err)
{
	const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};

	for (int i = 0; i < TICKS; i++) {
		if (read_state(view, state, err))
			return -err->code;
		if (state->done > after)
			return 0;
		nanosleep(&tick, NULL);
	}
	return err_set(err, ETIMEDOUT,
		"bootfs, process %u, does not come to an end with it; see its log",
		(unsigned)state->pid);
}

/* Prints the mistakes and warnings; the exit status. */
static int report(const struct state *state)
{
	bool colours = colours_wanted(STDOUT_FILENO);
	struct text rest = strbuf_text(&state->all), line;
	_strbuf_ struct strbuf out = {0};
	uint64_t mistakes = 0;

	while (text_cut(&rest, '\n', &line)) {
		bool mistake = text_starts(line, TEXT("mistake "));

		if (!mistake && !text_starts(line, TEXT("warning ")))
			continue;
		mistakes += mistake;
		line = text_skip(line, strlen("mistake "));
		if (!mistake)
			add_coloured(&out, colours, YELLOW, TEXT("warning: "));
		strbuf_add(&out, line);
		strbuf_addc(&out, '\n');
	}
	if (!print_all(&out))
		return STATUS_TROUBLE;
	if (state->refused)
		say("the configuration stays as it was; mend the lines above, then once more");
	else
		say("reloaded: %u domains%s", (unsigned)state->domains,
			mistakes ? "; those with a mistake are not shown" : "");
	return mistakes || state->refused ? STATUS_FAULTS : STATUS_FINE;
}

int command_reload(const struct admin_options *options)
{
	CLEANUP(state_done) struct state state = {0};
	_view_ struct view view = {0};
	struct err err = {0};

	if (view_open_shared(options, &view, &err) || read_state(&view, &state, &err) ||
		send_signal(&view, &state, &err) || wait_for(&view, state.asked, &state, &err)) {
		say("%s", err.text);
		return STATUS_TROUBLE;
	}
	return report(&state);
}
