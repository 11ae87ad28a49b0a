/* bootfs extract: writes kernel, initrd and command line to a folder. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admin/commands.h"

#include "admin/guests.h"
#include "admin/say.h"
#include "admin/target.h"
#include "pygrub/choose.h"
#include "pygrub/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

/* What is written, in this order; the tree and the target folder call them the same. */
static const char *const names[] = {"kernel", "initrd", "cmdline", "devicetree"};

static int no_such_entry(const struct guest *guest, const char *wanted, struct err *err)
{
	return err_set(err, ENOENT,
		"%s has no entry \"%s\" among its %" PRIu64
		"; bootfs-pygrub -l, or the file menu, shows them",
		guest->name, wanted, menu_count(guest->menu));
}

/* The entry's folder below the guest's, as "entries/2". -errno with err. */
static int find_entry(const struct view *view, struct guest *guest, const char *wanted, char *ret,
	size_t size, struct err *err)
{
	uint64_t index;

	if (!guest->menu)
		return err_set(err, guest->err.code, "%s", guest->err.text);
	if (wanted && text_number(text_of(wanted), &index) && menu_entry(guest->menu, index)) {
		snprintf(ret, size, "entries/%" PRIu64, index);
		return 0;
	}
	if (wanted && guest_choose(view, guest, wanted, err))
		return -err->code;
	if (menu_string(guest->menu, "missing_entry").len)
		return no_such_entry(guest, wanted, err);
	if (!guest_boots(guest)) {
		_strbuf_ struct strbuf why = {0};

		strbuf_add(&why, guest_error(guest));
		return err_set(err, ENOENT, "%s", why.at ? why.at : "nothing boots");
	}
	snprintf(ret, size, "default");
	return 0;
}

/* One file of the entry; one that the entry does not have is left out, unless it is the kernel. */
static int extract_file(
	struct target *target, int folder, const char *entry, const char *name, struct err *err)
{
	_strbuf_ struct strbuf path = {0};
	_close_ int from = -1;

	strbuf_addf(&path, "%s/%s", entry, name);
	if (path.failed)
		return err_set(err, ENOMEM, "out of memory");
	from = openat(folder, path.at, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (from < 0 && errno == ENOENT && strcmp(name, "kernel") != 0)
		return 0;
	if (from < 0 && errno == ENOENT)
		return err_set(err, ENOENT,
			"this entry has no kernel that could be read; the file menu says why");
	if (from < 0)
		return err_set(err, errno, "cannot read the %s: %m", name);
	return target_add(target, name, from, err);
}

/* The exit status; with err unless it is fine. */
static int extract(const struct view *view, struct guest *guest,
	const struct admin_options *options, struct err *err)
{
	CLEANUP(target_close) struct target target = {.folder = -1};
	char entry[32];
	int r = find_entry(view, guest, options->entry, entry, sizeof(entry), err);

	if (r)
		return r == -ENOENT ? STATUS_FAULTS : STATUS_TROUBLE;
	if (target_open(
		    &target, options->operands[1], options->force, names, ARRAY_SIZE(names), err))
		return STATUS_TROUBLE;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		r = extract_file(&target, guest->folder, entry, names[i], err);
		if (r)
			return r == -ENOENT ? STATUS_FAULTS : STATUS_TROUBLE;
	}
	return target_publish(&target, err) ? STATUS_TROUBLE : STATUS_FINE;
}

int command_extract(const struct admin_options *options)
{
	struct admin_options first = *options;
	_guests_ struct guests guests = {0};
	_view_ struct view view = {0};
	struct err err = {0};
	int status;

	first.n_operands = 1;
	if (!guests_open(&first, &view, &guests))
		return STATUS_TROUBLE;
	status = extract(&view, &guests.at[0], options, &err);
	if (status)
		say("%s", err.text);
	return status;
}
