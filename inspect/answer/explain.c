/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/image_header.h"
#include "inspect/answer/places.h"

#include "core/strbuf.h"
#include "parsers/boot/parser.h"

#include <errno.h>
#include <stdarg.h>

enum { MAX_NAMED = 8 }; /* volumes named in one line */

int places_fail(
	const struct question *question, struct inspection *inspection, const char *format, ...)
{
	enum { LONGEST = 1000 };
	struct text path = question->disks[0].path;
	char text[LONGEST];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return arena_printf(
		&inspection->arena, &inspection->error, "%.*s: %s", TEXT_ARG(path), text);
}

/* ---- the places, in the log ------------------------------------------------------------------ */

static void report_places(struct report *report, const struct volume *volume)
{
	for (const struct parser *const *parser = parser_table; *parser; parser++) {
		_strbuf_ struct strbuf text = {0};

		strbuf_add(&text, volume->name);
		strbuf_addf(&text, ": no %s at ", (*parser)->title);
		for (const char *const *path = (*parser)->paths; *path; path++)
			strbuf_addf(&text, "%s%s", path == (*parser)->paths ? "" : ", ", *path);
		report_add_text(report, REPORT_NOTE, (struct text){0}, 0, strbuf_text(&text));
	}
}

static void report_all_places(struct guest *guest)
{
	struct volume *order[MAX_VOLUMES];

	volumes_boot_order(&guest->volumes, order);
	for (uint32_t i = 0; i < guest->volumes.count; i++) {
		if (order[i]->fs)
			report_places(&guest->inspection->report, order[i]);
	}
}

/* ---- the volumes, in one line ---------------------------------------------------------------- */

/* A disk with a table is no place where a file system could be. */
static bool is_place(const struct volume *volume)
{
	return volume->fs || volume->fs_name.len || volume->number || !volume->partmap.len;
}

static uint32_t count_places(const struct volume *const *at, uint32_t count)
{
	uint32_t places = 0;

	for (uint32_t i = 0; i < count; i++)
		places += is_place(at[i]);
	return places;
}

void places_name_volumes(const struct guest *guest, struct strbuf *out)
{
	struct volume *order[MAX_VOLUMES];
	uint32_t total, named = 0;

	volumes_boot_order(&guest->volumes, order);
	total = count_places((const struct volume *const *)order, guest->volumes.count);
	for (uint32_t i = 0; i < guest->volumes.count && named < MAX_NAMED; i++) {
		struct text type = order[i]->fs_name;

		if (!is_place(order[i]))
			continue;
		if (named)
			strbuf_adds(out, named + 1 == total ? " and " : ", ");
		strbuf_add(out, order[i]->name);
		strbuf_adds(out, " (");
		strbuf_add(out, type.len ? type : TEXT("unknown"));
		strbuf_addc(out, ')');
		named++;
	}
	if (total > named)
		strbuf_addf(out, " and %u more", total - named);
}

/* ---- reasons --------------------------------------------------------------------------------- */

/* A file system that we read, if it is in order; "LUKS-encrypted" and the like are none. */
static bool is_readable_kind(struct text fs_name)
{
	for (const struct fs_ops *const *ops = fs_table; *ops; ops++) {
		if (text_is(fs_name, (*ops)->name))
			return true;
		for (const char *const *more = (*ops)->more_names; more && *more; more++) {
			if (text_is(fs_name, *more))
				return true;
		}
	}
	return false;
}

static const struct volume *first_problem(const struct guest *guest)
{
	struct volume *order[MAX_VOLUMES];

	volumes_boot_order(&guest->volumes, order);
	for (uint32_t i = 0; i < guest->volumes.count; i++) {
		if (order[i]->problem.len)
			return order[i];
	}
	return NULL;
}

/* "hd0,gpt2 is LUKS-encrypted; no readable volume holds a boot configuration" */
static int explain_problem(struct guest *guest, const struct volume *volume)
{
	const char *what_now = "; no readable volume holds a boot configuration";
	bool update = memmem(volume->problem.at, volume->problem.len, "unknown incompatible", 20);

	if (text_find(volume->problem, ';') < volume->problem.len)
		what_now = "";
	else if (update)
		what_now = "; update bootfs or boot with kernel=";
	return places_fail(guest->question, guest->inspection, "%.*s %s%.*s%s",
		TEXT_ARG(volume->name), is_readable_kind(volume->fs_name) ? "" : "is ",
		TEXT_ARG(volume->problem), what_now);
}

bool places_any_readable(const struct guest *guest)
{
	for (uint32_t i = 0; i < guest->volumes.count; i++) {
		if (guest->volumes.at[i]->fs)
			return true;
	}
	return false;
}

/* Not one partition and nothing known on any whole disk? */
static bool nothing_at_all(const struct guest *guest)
{
	for (uint32_t i = 0; i < guest->volumes.count; i++) {
		const struct volume *volume = guest->volumes.at[i];

		if (volume->number || volume->fs_name.len || volume->partmap.len)
			return false;
	}
	return true;
}

/* "bootfs explain mail": the command that shows the whole log. */
static void name_command(struct strbuf *out, const struct question *question)
{
	strbuf_adds(out, question->domain.len ? "bootfs explain " : "bootfs-inspect ");
	strbuf_add(out, question->domain.len ? question->domain : question->disks[0].path);
}

/* A disk whose format nobody named is raw: what it looks like is for people only. */
static int explain_nothing(struct guest *guest)
{
	const struct question *question = guest->question;

	for (uint32_t i = 0; i < question->n_disks; i++) {
		const char *format =
			question->disks[i].image ? NULL : image_looks_like(&guest->disks[i].dev);

		if (format)
			return places_fail(question, guest->inspection,
				"read as raw bytes, but looks like a %s image; name its format: "
				"format=%s in the domain's disk line, or --format=%s",
				format, format, format);
	}
	return places_fail(question, guest->inspection,
		"no partition table and no known file system; is it a guest's disk?");
}

int places_explain(struct guest *guest, uint32_t places)
{
	const struct volume *problem = first_problem(guest);
	_strbuf_ struct strbuf volumes = {0}, command = {0};

	report_all_places(guest);
	if (problem)
		return explain_problem(guest, problem);
	if (nothing_at_all(guest))
		return explain_nothing(guest);
	places_name_volumes(guest, &volumes);
	if (volumes.failed)
		return -ENOMEM;
	if (!places_any_readable(guest))
		return places_fail(guest->question, guest->inspection,
			"no partition with a known file system%s%s", volumes.len ? "; found " : "",
			volumes.len ? volumes.at : "");
	name_command(&command, guest->question);
	if (command.failed)
		return -ENOMEM;
	return places_fail(guest->question, guest->inspection,
		"no boot configuration; looked on %s in %u places: %s", volumes.at, places,
		command.at);
}
