/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/choose.h"

#include "core/strbuf.h"
#include "inspect/answer/places.h"

#include <errno.h>

enum {
	TITLE_SHOWN = 120, /* bytes in messages */
	BOOTABLE_SHOWN = 12,
};

/* ---- finding the entry of a wish ------------------------------------------------------------- */

/* The first entry in a submenu, or the entry itself. */
static struct menu_entry *first_inside(struct menu_entry *entry)
{
	uint32_t depth = entry->depth;

	if (!entry->submenu)
		return entry;
	for (entry = entry->next; entry && entry->depth > depth; entry = entry->next) {
		if (!entry->submenu)
			return entry;
	}
	return NULL;
}

static bool is_called(const struct menu_entry *entry, struct text name)
{
	uint64_t number;

	if (!name.len)
		return false;
	if (text_number(name, &number) && number == entry->path[entry->depth - 1])
		return true;
	return text_equal(entry->id, name) || text_equal(entry->title, name);
}

/* Among the children of `parent` (NULL: of the top). */
static struct menu_entry *find_child(
	const struct bootmenu *menu, struct menu_entry *parent, struct text name)
{
	uint32_t depth = parent ? parent->depth : 0;
	struct menu_entry *entry = parent ? parent->next : menu->first;

	for (; entry && entry->depth > depth; entry = entry->next) {
		if (entry->depth == depth + 1 && is_called(entry, name))
			return entry;
	}
	return NULL;
}

static bool is_place(struct text wish)
{
	return text_find(wish, '>') < wish.len;
}

static struct menu_entry *find_place(const struct bootmenu *menu, struct text wish)
{
	struct menu_entry *entry = NULL;
	struct text name;

	if (!is_place(wish))
		return NULL;
	while (text_cut(&wish, '>', &name)) {
		entry = find_child(menu, entry, name);
		if (!entry)
			return NULL;
	}
	return entry;
}

static struct menu_entry *find_name(const struct bootmenu *menu, struct text wish)
{
	struct menu_entry *entry;

	for (entry = menu->first; entry; entry = entry->next) {
		if (text_equal(entry->title, wish))
			return entry;
	}
	for (entry = menu->first; entry; entry = entry->next) {
		if (text_equal(entry->id, wish))
			return entry;
	}
	return NULL;
}

struct menu_entry *choose_find(const struct bootmenu *menu, struct text wish)
{
	struct menu_entry *entry;
	uint64_t number;

	if (text_number(wish, &number) && number < menu->entries)
		return bootmenu_entry(menu, (uint32_t)number);
	entry = find_name(menu, wish);
	if (!entry)
		entry = find_place(menu, wish);
	return entry ? first_inside(entry) : NULL;
}

/* ---- why an entry cannot boot ---------------------------------------------------------------- */

/* "bootable: 1, 2 (use --entry=1)" */
static void list_bootable(struct strbuf *out, const struct bootmenu *menu)
{
	int32_t first = -1;
	uint32_t shown = 0;

	for (const struct menu_entry *entry = menu->first; entry; entry = entry->next) {
		if (!menu_entry_boots(entry))
			continue;
		if (first < 0)
			first = entry->index;
		if (shown == BOOTABLE_SHOWN) {
			strbuf_adds(out, ", ...");
			break;
		}
		strbuf_addf(out, "%s%d", shown++ ? ", " : "bootable: ", entry->index);
	}
	if (first < 0)
		strbuf_adds(out, "no entry can boot");
	else
		strbuf_addf(out, " (use --entry=%d)", first);
}

static const struct boot_file *find_in(const struct boot_file *file, struct text path)
{
	for (; file; file = file->next) {
		if (text_equal(file->path, path))
			return file;
	}
	return NULL;
}

const struct boot_file *choose_missing_file(const struct menu_entry *entry)
{
	const char *missing = memmem(entry->error.at, entry->error.len, " missing: ", 10);
	const struct boot_file *file;
	struct text path;

	if (!missing)
		return NULL;
	path = text_skip(entry->error, (size_t)(missing - entry->error.at) + 10);
	file = find_in(entry->kernel, path);
	if (!file)
		file = find_in(entry->initrds, path);
	if (!file)
		file = find_in(entry->hypervisor, path);
	return file ? file : find_in(entry->modules, path);
}

/* `default entry 0 "Debian" names /boot/vmlinuz, not on hd0,msdos1; bootable: 1 (use --entry=1)` */
static int fail_entry(const struct question *question, struct inspection *inspection,
	const char *which, const struct menu_entry *entry)
{
	const struct boot_file *missing = choose_missing_file(entry);
	struct text title = text_first(entry->title, TITLE_SHOWN);
	_strbuf_ struct strbuf bootable = {0};

	list_bootable(&bootable, &inspection->menu);
	if (bootable.failed)
		return -ENOMEM;
	if (missing)
		return places_fail(question, inspection,
			"%s entry %d \"%.*s\" names %.*s, not on %.*s; %s", which, entry->index,
			TEXT_ARG(title), TEXT_ARG(missing->path), TEXT_ARG(missing->volume),
			bootable.at);
	return places_fail(question, inspection, "%s entry %d \"%.*s\" cannot boot: %.*s; %s",
		which, entry->index, TEXT_ARG(title), TEXT_ARG(entry->error), bootable.at);
}

static int fail_menu(
	const struct question *question, struct inspection *inspection, const char *what)
{
	const struct bootmenu *menu = &inspection->menu;
	_strbuf_ struct strbuf bootable = {0};

	list_bootable(&bootable, menu);
	if (bootable.failed)
		return -ENOMEM;
	return places_fail(question, inspection, "(%.*s)%.*s %s; %s", TEXT_ARG(menu->config_volume),
		TEXT_ARG(menu->config_path), what, bootable.at);
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* The administrator's entry, if it is there; *failed where it must be and is not. */
static int choose_pinned(
	const struct question *question, struct inspection *inspection, bool *pinned)
{
	const struct boot_policy *policy = &question->policy;
	struct bootmenu *menu = &inspection->menu;
	struct menu_entry *entry = choose_find(menu, policy->entry);
	_strbuf_ struct strbuf bootable = {0};

	*pinned = entry != NULL;
	if (!entry)
		menu->missing_entry = policy->entry;
	if (entry) {
		menu->default_entry = entry;
		return arena_printf(&inspection->arena, &menu->default_reason, "entry = %.*s",
			TEXT_ARG(policy->entry));
	}
	/* pygrub has no places: who names one wants that entry and no other. */
	if (!policy->refuse_missing_entry && !is_place(policy->entry)) {
		report_add(&inspection->report, REPORT_WARNING,
			"there is no entry \"%.*s\": the default boots instead (missing-entry)",
			TEXT_ARG(policy->entry));
		return 0;
	}
	list_bootable(&bootable, menu);
	if (bootable.failed)
		return -ENOMEM;
	return places_fail(question, inspection,
		"there is no entry \"%.*s\" among the %u of the menu; %s", TEXT_ARG(policy->entry),
		menu->entries, bootable.at);
}

/* The next entry that can boot, behind `entry` or else from the start. */
static struct menu_entry *next_bootable(const struct bootmenu *menu, struct menu_entry *entry)
{
	struct menu_entry *at;

	for (at = entry->next; at; at = at->next) {
		if (menu_entry_boots(at))
			return at;
	}
	for (at = menu->first; at != entry; at = at->next) {
		if (menu_entry_boots(at))
			return at;
	}
	return NULL;
}

static int choose_next(struct inspection *inspection, struct menu_entry *entry)
{
	struct bootmenu *menu = &inspection->menu;
	struct menu_entry *next = next_bootable(menu, entry);

	if (!next)
		return 0;
	report_add(&inspection->report, REPORT_WARNING,
		"entry %d cannot boot (%.*s): entry %d is taken instead (missing-kernel)",
		entry->index, TEXT_ARG(entry->error), next->index);
	menu->default_entry = next;
	return arena_printf(&inspection->arena, &menu->default_reason,
		"missing-kernel = next, instead of entry %d", entry->index);
}

/* By hand: a guest's command line may hold a NUL byte. */
static int append(struct arena *arena, struct text *cmdline, struct text args)
{
	char *at = arena_alloc(arena, cmdline->len + args.len + 2);
	size_t used = cmdline->len;

	if (!at)
		return -ENOMEM;
	if (used) {
		memcpy(at, cmdline->at, used);
		at[used++] = ' ';
	}
	memcpy(at + used, args.at, args.len);
	*cmdline = (struct text){at, used + args.len};
	return 0;
}

static int append_args(struct inspection *inspection, struct text args)
{
	int r = 0;

	for (struct menu_entry *entry = inspection->menu.first; entry && r == 0;
		entry = entry->next) {
		if (entry->kernel || entry->hypervisor)
			r = append(&inspection->arena, &entry->cmdline, args);
	}
	return r;
}

static int choose_default(const struct question *question, struct inspection *inspection)
{
	struct bootmenu *menu = &inspection->menu;
	struct menu_entry *entry;
	bool pinned = false;
	int r = 0;

	if (question->policy.entry.len)
		r = choose_pinned(question, inspection, &pinned);
	if (r < 0 || inspection->error.len)
		return r;
	entry = menu->default_entry ? first_inside(menu->default_entry) : NULL;
	menu->default_entry = entry;
	if (entry && question->policy.kernel.len && !menu_entry_boots(entry))
		return places_fail(question, inspection, "%.*s", TEXT_ARG(entry->error));
	if (!entry)
		return fail_menu(question, inspection,
			menu->entries ? "has no default entry" : "has no entries");
	if (!menu_entry_boots(entry) && question->policy.next_when_missing)
		r = choose_next(inspection, entry);
	if (r < 0 || menu_entry_boots(menu->default_entry))
		return r;
	return fail_entry(question, inspection, pinned ? "chosen" : "default", entry);
}

int choose(const struct question *question, struct inspection *inspection)
{
	int r = 0;

	if (question->policy.args.len)
		r = append_args(inspection, question->policy.args);
	if (r == 0 && !inspection->error.len)
		r = choose_default(question, inspection);
	if (inspection->error.len)
		inspection->menu.default_entry = NULL;
	return r;
}
