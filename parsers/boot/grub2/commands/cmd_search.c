/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command search and its variants by name: which device holds a file, label or UUID. */
#include "parsers/boot/grub2/commands/commands.h"
#include "parsers/boot/grub2/commands/device.h"

enum search_kind {
	SEARCH_NONE,
	SEARCH_FILE,
	SEARCH_LABEL,
	SEARCH_UUID,
	/* CoreOS's patches, which Flatcar and Bottlerocket have. */
	SEARCH_PART_LABEL,
	SEARCH_PART_UUID,
	SEARCH_DISK_UUID,
};

struct search {
	struct grub *g;
	enum search_kind kind;
	struct text what, variable;
	bool set; /* the first found goes into `variable`; else all would only be printed */
	bool no_floppy, root_only;
	bool found;
	bool cached; /* what an earlier search found is being tried */
};

static bool same_disk(struct text a, struct text b)
{
	return text_equal(text_first(a, text_find(a, ',')), text_first(b, text_find(b, ',')));
}

static bool is_floppy(struct text name)
{
	return name.len > 2 && text_starts(name, TEXT("fd")) && name.at[2] >= '0' &&
	       name.at[2] <= '9';
}

/* Is this what the search is for? A partition needs no file system to be found by its own names. */
static bool is_wanted(const struct search *search, const struct volume_info *volume)
{
	const struct text what = search->what;

	switch (search->kind) {
	case SEARCH_UUID:
		return volume->readable && volume->uuid.len &&
		       text_equal_nocase(volume->uuid, what);
	case SEARCH_LABEL:
		return volume->readable && volume->label.len && text_equal(volume->label, what);
	case SEARCH_FILE:
		return volume->readable && what.len && what.at[0] == '/' &&
		       files_is_regular(search->g->files, volume, what);
	case SEARCH_PART_LABEL:
		return volume->part_label.len && text_equal(volume->part_label, what);
	case SEARCH_PART_UUID:
		return volume->part_uuid.len && text_equal_nocase(volume->part_uuid, what);
	case SEARCH_DISK_UUID:
		return !volume->number && volume->disk_uuid.len &&
		       text_equal_nocase(volume->disk_uuid, what);
	case SEARCH_NONE:
		break;
	}
	return false;
}

static bool matches(const struct search *search, const struct volume_info *volume)
{
	struct text name = grub_device_name(search->g, volume);

	if (search->no_floppy && is_floppy(name))
		return false;
	if (search->root_only && grub_var_get(search->g, "root").len &&
		!same_disk(name, grub_var_get(search->g, "root")))
		return false;
	return is_wanted(search, volume);
}

/* ---- the cache ----------------------------------------------------------------------------- */

static bool same_search(const struct search *search, const struct grub_found *found)
{
	if (found->kind != search->kind)
		return false;
	return search->kind == SEARCH_UUID ? text_equal_nocase(found->what, search->what)
					   : text_equal(found->what, search->what);
}

static void remember(const struct search *search, struct text name)
{
	struct grub *g = search->g;
	struct grub_found *found = arena_new(g->files->arena, struct grub_found);

	if (!found) {
		grub_no_memory(g);
		return;
	}
	found->kind = search->kind;
	found->what = grub_keep(g, search->what);
	found->name = grub_keep(g, name);
	found->next = g->found;
	g->found = found;
}

/*
 * True: the search is over. The variable gets the name that was tried. What is found first is
 * remembered, and is what the next search for the same gets, whatever its hints are.
 */
static bool try(struct search *search, const struct volume_info *volume, struct text name)
{
	if (!volume || !matches(search, volume))
		return false;
	if (!search->found && !search->cached)
		remember(search, name);
	search->found = true;
	if (!search->set)
		return false;
	if (grub_var_set(search->g, search->variable, name))
		grub_no_memory(search->g);
	return true;
}

static bool try_cache(struct search *search)
{
	const struct grub_found *found = search->g->found;
	bool over;

	while (found && !same_search(search, found)) {
		if (!grub_step(search->g, 1))
			return false;
		found = found->next;
	}
	if (!found || !found->name.len)
		return false;
	search->cached = true;
	over = try(search, grub_device_find(search->g, found->name), found->name);
	search->cached = false;
	if (!search->found)
		remember(search, (struct text){0});
	return over;
}

/* ---- hints, and all devices ---------------------------------------------------------------- */

/* The partition of the disk with the next higher number; NULL: no more. */
static const struct volume_info *next_part(struct grub *g, struct text disk, uint32_t after)
{
	const struct volume_info *volume, *next = NULL;
	uint32_t index = 0;

	while ((volume = grub_device_at(g, &index))) {
		struct text name = grub_device_name(g, volume);

		if (!grub_step(g, 1))
			return NULL;
		if (text_find(name, ',') < name.len && same_disk(name, disk) &&
			volume->number > after && (!next || volume->number < next->number))
			next = volume;
	}
	return next;
}

/* "hd0," stands for the disk and all its partitions, the first one first. */
static bool try_hint(struct search *search, struct text hint)
{
	const struct volume_info *volume;
	bool parts = text_ends(hint, TEXT(","));
	uint32_t number = 0;

	if (parts)
		hint.len--;
	if (try(search, grub_device_find(search->g, hint), hint))
		return true;
	while (parts && (volume = next_part(search->g, hint, number))) {
		number = volume->number;
		if (try(search, volume, grub_device_name(search->g, volume)))
			return true;
	}
	return false;
}

static int run_search(struct search *search, const struct text *hints, uint32_t n_hints)
{
	static const char *const kinds[] = {[SEARCH_FILE] = "file",
		[SEARCH_LABEL] = "label",
		[SEARCH_UUID] = "UUID",
		[SEARCH_PART_LABEL] = "partition label",
		[SEARCH_PART_UUID] = "partition UUID",
		[SEARCH_DISK_UUID] = "disk UUID"};
	const struct volume_info *volume;
	uint32_t index = 0;

	if (try_cache(search))
		return GRUB_OK;
	for (uint32_t i = 0; i < n_hints; i++) {
		if (!grub_step(search->g, 8))
			return GRUB_OUT_OF_MEMORY;
		if (hints[i].len && try_hint(search, hints[i]))
			return GRUB_OK;
	}
	while ((volume = grub_device_at(search->g, &index))) {
		if (!grub_step(search->g, 8))
			return GRUB_OUT_OF_MEMORY;
		if (try(search, volume, grub_device_name(search->g, volume)))
			return GRUB_OK;
	}
	if (search->found)
		return GRUB_OK;
	grub_note(search->g, "search: no volume with %s %.*s", kinds[search->kind],
		TEXT_ARG(text_first(search->what, 200)));
	return GRUB_NOT_FOUND;
}

enum {
	OPTION_FILE,
	OPTION_LABEL,
	OPTION_UUID,
	OPTION_PART_LABEL,
	OPTION_PART_UUID,
	OPTION_DISK_UUID,
	OPTION_SET,
	OPTION_NO_FLOPPY,
	OPTION_EFIDISK,
	OPTION_ROOT_ONLY,
	OPTION_CRYPTODISK,
	OPTION_HINT,
	OPTION_HINT_BAREMETAL,
	OPTION_HINT_BIOS,
	OPTION_HINT_EFI,
	OPTION_HINT_ARC,
	OPTION_HINT_IEEE1275,
};

static const struct grub_option search_options[] = {
	[OPTION_FILE] = {"file", 'f', false, false},
	[OPTION_LABEL] = {"label", 'l', false, false},
	[OPTION_UUID] = {"fs-uuid", 'u', false, false},
	[OPTION_PART_LABEL] = {"part-label", 0, false, false},
	[OPTION_PART_UUID] = {"part-uuid", 0, false, false},
	[OPTION_DISK_UUID] = {"disk-uuid", 0, false, false},
	[OPTION_SET] = {"set", 's', true, true},
	[OPTION_NO_FLOPPY] = {"no-floppy", 'n', false, false},
	[OPTION_EFIDISK] = {"efidisk-only", 0, false, false},
	[OPTION_ROOT_ONLY] = {"root-dev-only", 'r', false, false},
	[OPTION_CRYPTODISK] = {"cryptodisk-only", 0, false, false},
	[OPTION_HINT] = {"hint", 'h', true, false},
	[OPTION_HINT_BAREMETAL] = {"hint-baremetal", 0, true, false},
	[OPTION_HINT_BIOS] = {"hint-bios", 0, true, false},
	[OPTION_HINT_EFI] = {"hint-efi", 0, true, false},
	[OPTION_HINT_ARC] = {"hint-arc", 0, true, false},
	[OPTION_HINT_IEEE1275] = {"hint-ieee1275", 0, true, false},
	{0},
};

/* Which hints this platform looks at, in GRUB's order. */
static uint32_t collect_hints(
	struct grub *g, const struct grub_options *options, struct text *hints)
{
	const struct text platform = g->files->settings->platform;
	const uint32_t kinds[] = {
		OPTION_HINT,
		text_is(platform, "efi")  ? OPTION_HINT_EFI
		: text_is(platform, "pc") ? OPTION_HINT_BIOS
					  : OPTION_HINT,
		OPTION_HINT_BAREMETAL,
	};
	uint32_t count = 0;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (k == 1 && kinds[k] == OPTION_HINT)
			continue;
		for (uint32_t i = 0; i < options->n_uses; i++) {
			if (options->uses[i].option == kinds[k])
				hints[count++] = options->uses[i].value;
		}
	}
	return count;
}

static enum search_kind kind_of(const struct grub_options *options)
{
	if (options->set[OPTION_LABEL])
		return SEARCH_LABEL;
	if (options->set[OPTION_UUID])
		return SEARCH_UUID;
	if (options->set[OPTION_PART_LABEL])
		return SEARCH_PART_LABEL;
	if (options->set[OPTION_PART_UUID])
		return SEARCH_PART_UUID;
	if (options->set[OPTION_DISK_UUID])
		return SEARCH_DISK_UUID;
	return options->set[OPTION_FILE] ? SEARCH_FILE : SEARCH_NONE;
}

int grub_cmd_search(struct grub *g, const struct grub_call *call)
{
	struct grub_options options = {.known = search_options, .accept_dash = true};
	struct search search = {.g = g, .variable = TEXT("root")};
	struct text *hints;
	uint32_t first = 0;
	int r = grub_options_parse(g, call, &options);

	if (r)
		return r;
	/* Hints for platforms to come. */
	while (first < options.count && text_starts(options.args[first], TEXT("--hint-")))
		first++;
	search.set = options.set[OPTION_SET] > 0;
	if (first < options.count) {
		search.what = options.args[first];
		if (options.value[OPTION_SET].at)
			search.variable = options.value[OPTION_SET];
	} else if (options.value[OPTION_SET].at) {
		/* `--set UUID` without `=` took the name for its value. */
		search.what = options.value[OPTION_SET];
	} else {
		grub_warn(g, "search: nothing to search for");
		return GRUB_BAD_ARGUMENT;
	}
	search.kind = kind_of(&options);
	if (search.kind == SEARCH_NONE) {
		grub_warn(g, "search: by what? (--file, --label or --fs-uuid)");
		return GRUB_INVALID_COMMAND;
	}
	search.no_floppy = options.set[OPTION_NO_FLOPPY] > 0;
	search.root_only = options.set[OPTION_ROOT_ONLY] > 0;
	hints = grub_pool_alloc(&g->scratch, (options.n_uses + 1) * sizeof(*hints));
	if (!hints)
		return grub_no_memory(g);
	return run_search(&search, hints, collect_hints(g, &options, hints));
}

/* search.fs_uuid WHAT [VARIABLE [HINT...]] and its brothers */
int grub_cmd_search_by(struct grub *g, const struct grub_call *call)
{
	static const struct {
		const char *name;
		enum search_kind kind;
	} kinds[] = {
		{"search.disk_uuid", SEARCH_DISK_UUID},
		{"search.file", SEARCH_FILE},
		{"search.fs_label", SEARCH_LABEL},
		{"search.fs_uuid", SEARCH_UUID},
		{"search.part_label", SEARCH_PART_LABEL},
		{"search.part_uuid", SEARCH_PART_UUID},
	};
	struct search search = {.g = g};

	if (!call->count)
		return GRUB_BAD_ARGUMENT;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (text_is(call->name, kinds[i].name))
			search.kind = kinds[i].kind;
	}
	search.what = call->args[0];
	search.set = call->count > 1;
	if (search.set)
		search.variable = call->args[1];
	return run_search(&search, call->args + 2, call->count > 2 ? call->count - 2 : 0);
}
