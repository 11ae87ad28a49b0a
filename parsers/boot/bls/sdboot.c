/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/bls/sdboot.h"

#include "parsers/boot/version.h"

#include <stdlib.h>

/* ---- the list ------------------------------------------------------------------------------ */

void sdboot_add(struct sdboot *sd, const struct sd_entry *entry)
{
	struct sd_entry *copy;

	if (sd->problem)
		return;
	if (sd->count >= sd->files->limits->max_entries) {
		sd->problem = -EFBIG;
		report_add(sd->files->report, REPORT_WARNING,
			"more than %u entries: the rest is left out", sd->count);
		return;
	}
	copy = arena_new(sd->files->arena, struct sd_entry);
	if (!copy) {
		sd->problem = -ENOMEM;
		return;
	}
	*copy = *entry;
	copy->order = sd->count;
	sd->at[sd->count++] = copy;
}

static int no_value_first(struct text a, struct text b)
{
	return (int)(a.len == 0) - (int)(b.len == 0);
}

static int compare_numbers(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* systemd's boot_entry_compare(): UAPI.1, "Sorting". */
static int compare(const void *left, const void *right)
{
	const struct sd_entry *a = *(const struct sd_entry *const *)left;
	const struct sd_entry *b = *(const struct sd_entry *const *)right;
	int order = (int)(a->left == 0) - (int)(b->left == 0);

	if (!order)
		order = no_value_first(a->sort_key, b->sort_key);
	if (!order && a->sort_key.len) {
		order = text_compare(a->sort_key, b->sort_key);
		if (!order)
			order = text_compare(a->machine_id, b->machine_id);
		if (!order)
			order = -version_compare(a->version, b->version);
	}
	if (!order)
		order = -version_compare(a->base_id, b->base_id);
	if (!order)
		order = compare_numbers(a->profile, b->profile);
	if (!order && a->left >= 0 && b->left >= 0)
		order = -compare_numbers(a->left, b->left);
	if (!order && a->left >= 0 && b->left >= 0)
		order = compare_numbers(a->done, b->done);
	return order ? order : compare_numbers(a->order, b->order);
}

/* ---- titles -------------------------------------------------------------------------------- */

static int compare_titles(const void *left, const void *right)
{
	const struct sd_entry *a = *(const struct sd_entry *const *)left;
	const struct sd_entry *b = *(const struct sd_entry *const *)right;
	int order = text_compare(a->entry.title, b->entry.title);

	return order ? order : compare_numbers(a->order, b->order);
}

enum tell_apart { BY_VERSION, BY_MACHINE, BY_ID };

static struct text distinction(const struct sd_entry *entry, enum tell_apart by)
{
	if (by == BY_VERSION)
		return entry->version;
	return by == BY_MACHINE ? entry->machine_id : entry->id;
}

/* Titles that several entries have get something appended, each time only where needed. */
static int tell_apart(struct sdboot *sd, struct sd_entry **sorted, enum tell_apart by)
{
	bool again = false;

	qsort(sorted, sd->count, sizeof(struct sd_entry *), compare_titles);
	for (uint32_t i = 0; i < sd->count; i++) {
		struct text title = sorted[i]->entry.title;
		bool same = (i && text_equal(title, sorted[i - 1]->entry.title)) ||
			    (i + 1 < sd->count && text_equal(title, sorted[i + 1]->entry.title));

		sorted[i]->suffix = same ? distinction(sorted[i], by) : (struct text){0};
		again |= same;
	}
	for (uint32_t i = 0; i < sd->count; i++) {
		struct text *title = &sorted[i]->entry.title, suffix = sorted[i]->suffix;

		if (suffix.len && arena_printf(sd->files->arena, title, "%.*s (%.*s)",
					  TEXT_ARG(*title), TEXT_ARG(suffix)))
			return -ENOMEM;
	}
	return again;
}

static int make_titles(struct sdboot *sd)
{
	struct sd_entry **sorted =
		arena_array(sd->files->arena, sd->count + 1, sizeof(struct sd_entry *));
	int r = 1;

	if (!sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < sd->count; i++) {
		sorted[i] = sd->at[i];
		sorted[i]->entry.title = sorted[i]->title.len ? sorted[i]->title : sorted[i]->id;
	}
	for (int by = BY_VERSION; by <= BY_ID && r > 0; by++)
		r = tell_apart(sd, sorted, (enum tell_apart)by);
	return r < 0 ? r : 0;
}

/* ---- loader.conf and the whole -------------------------------------------------------------- */

static void set_timeout(struct bootmenu *menu, struct text value)
{
	uint64_t seconds;

	if (text_is(value, "menu-force"))
		menu->timeout_s = -1;
	else if (text_is(value, "menu-hidden") || text_is(value, "menu-disabled"))
		menu->timeout_s = 0;
	else if (text_number(value, &seconds) && seconds <= UINT32_MAX)
		menu->timeout_s = (int64_t)seconds;
}

/* Before systemd 245 an entry's name for `default` was its file's without ".conf". */
static struct text name_for_default(const struct sdboot *sd, struct text id)
{
	struct text version = sd->files->settings->loader_version;
	uint64_t number = 0;
	size_t digits = 0;

	while (digits < version.len && version.at[digits] >= '0' && version.at[digits] <= '9')
		digits++;
	if (!text_number(text_first(version, digits), &number) || number >= 245 ||
		!text_ends(id, TEXT(".conf")))
		return id;
	return text_first(id, id.len - strlen(".conf"));
}

/* Entries with their default among them; `wanted`: the pattern of loader.conf, may be empty. */
static int fill_menu(struct sdboot *sd, struct text wanted)
{
	int problem = 0;

	for (uint32_t i = 0; i < sd->count; i++) {
		struct menu_entry *entry = menu_add(sd->files, sd->menu, NULL, i, &problem);
		struct menu_entry *draft = &sd->at[i]->entry;

		if (!entry)
			return problem == -ENOMEM ? problem : 0;
		memcpy(draft->path, entry->path, sizeof(draft->path));
		draft->depth = entry->depth;
		draft->index = entry->index;
		draft->id = sd->at[i]->id;
		*entry = *draft;
		if (sd->menu->default_entry || !wanted.len ||
			!glob_matches(wanted, name_for_default(sd, draft->id)))
			continue;
		sd->menu->default_entry = entry;
		sd->menu->default_reason = TEXT("default in loader.conf");
	}
	if (!sd->menu->default_entry && sd->menu->first) {
		sd->menu->default_entry = sd->menu->first;
		sd->menu->default_reason = TEXT("first entry");
	}
	return 0;
}

/* base/loader/loader.conf of one volume. */
static bool read_loader_conf(
	struct sdboot *sd, const struct volume_info *volume, struct text base, struct text *wanted)
{
	struct text path, content, key, value;

	if (arena_printf(sd->files->arena, &path, "%.*s/loader/loader.conf", TEXT_ARG(base)) ||
		files_read_all(sd->files, volume, path, &content))
		return false;
	while (sdboot_next(&content, " \t", &key, &value)) {
		if (text_is(key, "timeout"))
			set_timeout(sd->menu, value);
		else if (text_is(key, "default"))
			*wanted = sdboot_lower(sd, value);
	}
	if (wanted->len && wanted->at[0] == '@') {
		report_add(sd->files->report, REPORT_NOTE,
			"default %.*s is kept in the firmware: the first entry is taken",
			TEXT_ARG(*wanted));
		*wanted = (struct text){0};
	}
	return true;
}

/* Is this another partition of the same disk where systemd-boot looks? */
static bool belongs(const struct volume_info *volume, const struct volume_info *other)
{
	return other == volume ||
	       (volume->esp && other->esp && other->readable && volume->disk_name.len &&
		       text_equal(volume->disk_name, other->disk_name));
}

static struct text base_of(struct text path)
{
	static const char *const ends[] = {"/loader/entries", "/EFI/Linux"};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (text_ends(path, text_of(ends[i])))
			return text_first(path, path.len - strlen(ends[i]));
	}
	return (struct text){0};
}

static void collect(
	struct sdboot *sd, const struct volume_info *volume, struct text base, struct text *wanted)
{
	const struct volume_info *other;
	bool configured = read_loader_conf(sd, volume, base, wanted);

	for (uint32_t i = 0; (other = sd->files->ops->volume(sd->files, i)); i++) {
		struct text place = other == volume ? base : (struct text){0};

		if (!belongs(volume, other))
			continue;
		if (!configured)
			configured = read_loader_conf(sd, other, place, wanted);
		bls_collect(sd, other, place);
		uki_collect(sd, other, place);
	}
}

int sdboot_parse(struct files *files, const struct volume_info *volume, struct text path,
	const struct parser *parser, struct bootmenu *menu, struct err *err)
{
	struct sdboot sd = {.files = files, .menu = menu, .err = err};
	struct text wanted = {0};
	struct file_stat stat;
	int r = files->ops->stat(files, volume, path, &stat);

	if (!r && stat.type == FILE_REGULAR && parser == &parser_uki)
		sd.only = path;
	else if (!r && stat.type != FILE_FOLDER)
		r = -ENOTDIR;
	if (r)
		return err_set(err, -r, "%.*s: %s", TEXT_ARG(path), strerror(-r));

	sd.bytes_left = files->limits->max_config;
	sd.at = arena_array(files->arena, files->limits->max_entries, sizeof(struct sd_entry *));
	if (!sd.at)
		return no_memory(err);
	menu_begin(files, menu, parser, volume, path);
	menu->timeout_s = 0;
	if (sd.only.len)
		uki_collect_only(&sd, volume);
	else
		collect(&sd, volume, base_of(path), &wanted);
	if (sd.problem == -ENOMEM)
		return no_memory(err);
	qsort(sd.at, sd.count, sizeof(struct sd_entry *), compare);
	if (make_titles(&sd) || fill_menu(&sd, wanted))
		return no_memory(err);
	menu->timeout_style = menu->timeout_s ? TEXT("menu") : TEXT("hidden");
	menu_check_files(files, menu);
	return 0;
}
