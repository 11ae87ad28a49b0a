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

int command_check_guests(const struct admin_options *options)
{
	_guests_ struct guests guests = {0};
	_strbuf_ struct strbuf out = {0};
	_view_ struct view view = {0};
	size_t faults = 0;

	if (options->all && options->n_operands) {
		say("--all and names exclude each other");
		return STATUS_TROUBLE;
	}
	if (!guests_open(options, &view, &guests))
		return STATUS_TROUBLE;
	for (size_t i = 0; i < guests.n; i++)
		faults += !add_guest(
			&out, &guests.at[i], options->verbose, colours_wanted(STDOUT_FILENO));
	if (!print_all(&out))
		return STATUS_TROUBLE;
	if (faults)
		say("%zu of %zu guests would not come back; bootfs explain NAME tells more", faults,
			guests.n);
	else if (isatty(STDERR_FILENO) || options->verbose)
		say("all %zu guests would come back", guests.n);
	return faults ? STATUS_FAULTS : STATUS_FINE;
}
