/* bootfs check-guests: lists guests that would not boot again. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/commands.h"

#include "admin/guests.h"
#include "admin/say.h"
#include "core/escape.h"
#include "pygrub/menu.h"
#include "pygrub/message.h"

static void add_boots(struct strbuf *out, const struct guest *guest)
{
	strbuf_adds(out, "boots \"");
	escape_add(out, menu_string(guest_default(guest), "title"));
	strbuf_addc(out, '"');
	if (guest->version)
		strbuf_addf(out, ", %s", guest->version);
}

/* One line; false: this guest would not come back. */
static bool add_guest(struct strbuf *out, const struct guest *guest, bool verbose, bool colours)
{
	struct text unused = guest_unused(guest);
	bool fine = unused.len || guest_boots(guest);

	if (fine && !verbose)
		return true;
	escape_add(out, text_of(guest->name));
	strbuf_adds(out, ": ");
	add_coloured(out, colours, fine ? GREEN : RED, fine ? TEXT("ok") : TEXT("error"));
	strbuf_adds(out, ": ");
	if (unused.len)
		escape_add(out, unused);
	else if (fine)
		add_boots(out, guest);
	else
		message_add(out, guest_error(guest));
	strbuf_addc(out, '\n');
	return fine;
}

/* A file that cannot be read costs its domain, whose name then nobody knows. */
static size_t add_mistakes(struct strbuf *out, const struct view *view, bool colours)
{
	_strbuf_ struct strbuf mistakes = {0};
	size_t n = view_mistakes(view, &mistakes);
	struct text rest = strbuf_text(&mistakes), line;

	while (text_cut(&rest, '\n', &line)) {
		add_coloured(out, colours, RED, TEXT("not shown"));
		strbuf_adds(out, ": ");
		strbuf_add(out, line);
		strbuf_addc(out, '\n');
	}
	return n;
}

static int say_sum(
	const struct admin_options *options, size_t guests, size_t faults, size_t mistakes)
{
	if (mistakes)
		say("%zu mistakes in the configuration: what they describe is not checked",
			mistakes);
	if (faults)
		say("%zu of %zu guests would not come back; bootfs explain NAME tells more", faults,
			guests);
	else if (!mistakes && (isatty(STDERR_FILENO) || options->verbose))
		say("all %zu guests would come back", guests);
	return faults || mistakes ? STATUS_FAULTS : STATUS_FINE;
}

int command_check_guests(const struct admin_options *options)
{
	bool colours = colours_wanted(STDOUT_FILENO);
	_guests_ struct guests guests = {0};
	size_t faults = 0, mistakes = 0;
	_strbuf_ struct strbuf out = {0};
	_view_ struct view view = {0};

	if (options->all && options->n_operands) {
		say("--all and names exclude each other");
		return STATUS_TROUBLE;
	}
	if (!guests_open(options, &view, &guests))
		return STATUS_TROUBLE;
	for (size_t i = 0; i < guests.n; i++)
		faults += !add_guest(&out, &guests.at[i], options->verbose, colours);
	if (!options->n_operands)
		mistakes = add_mistakes(&out, &view, colours);
	if (!print_all(&out))
		return STATUS_TROUBLE;
	if (!guests.n && !mistakes) {
		say("%s", guests_none); /* nothing to check is no good news */
		return STATUS_TROUBLE;
	}
	return say_sum(options, guests.n, faults, mistakes);
}
