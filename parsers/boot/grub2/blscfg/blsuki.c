/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blscfg and uki of upstream's GRUB since 2.14: options in place of words, paths without ($root),
 * another order than Fedora's, and no variables that stand for what a file lacks.
 */
#include "parsers/boot/bls/sdboot.h"
#include "parsers/boot/grub2/blscfg/bls.h"
#include "parsers/boot/grub2/commands/device.h"
#include "parsers/boot/grub2/menu/menu.h"
#include "parsers/boot/grub2/script/number.h"

enum {
	OPTION_PATH,
	OPTION_FALLBACK,
	OPTION_DEFAULT,
	OPTION_NON_DEFAULT,
	OPTION_ENTRY,
};

static const struct grub_option blsuki_options[] = {
	[OPTION_PATH] = {"path", 'p', true, false},
	[OPTION_FALLBACK] = {"enable-fallback", 'f', false, false},
	[OPTION_DEFAULT] = {"show-default", 'd', false, false},
	[OPTION_NON_DEFAULT] = {"show-non-default", 'n', false, false},
	[OPTION_ENTRY] = {"entry", 'e', true, false},
	{0},
};

bool grub_blsuki_is_meant(const struct grub *g, const struct grub_call *call)
{
	return !g->fedora || (call->count && text_starts(call->args[0], TEXT("-")));
}

/* ---- the entries of a file ----------------------------------------------------------------- */

static bool saves_default(struct grub *g)
{
	static const char *const words[] = {"1", "true", "yes", "y", "on", "enable"};
	struct text value = grub_var_get(g, "blsuki_save_default");

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (text_is(value, words[i]))
			return true;
	}
	return false;
}

static struct text make_script(struct grub *g, const struct grub_bls_file *file)
{
	const struct grub_bls_field *initrd = grub_bls_field(file, NULL, "initrd");
	struct text tree = grub_bls_value(file, "devicetree"), script;
	struct strbuf *buf = &g->word;

	strbuf_cut(buf, 0);
	strbuf_adds(buf, saves_default(g) ? "savedefault\nlinux " : "linux ");
	strbuf_add(buf, grub_bls_value(file, "linux"));
	strbuf_addc(buf, ' ');
	grub_bls_expand(g, buf, grub_bls_value(file, "options"));
	strbuf_adds(buf, initrd ? "\ninitrd" : "");
	for (; initrd; initrd = grub_bls_field(file, initrd, "initrd")) {
		strbuf_addc(buf, ' ');
		strbuf_add(buf, initrd->value);
	}
	strbuf_adds(buf, tree.len ? "\ndevicetree " : "");
	grub_bls_expand(g, buf, tree);
	strbuf_addc(buf, '\n');
	script = grub_keep(g, strbuf_text(buf));
	strbuf_cut(buf, 0);
	return script;
}

static int make_entry(struct grub *g, const struct grub_bls_file *file)
{
	struct text kernel = grub_bls_value(file, "linux"), title = grub_bls_value(file, "title");
	struct grub_item *item;

	if (!kernel.len) {
		grub_note(g, "%.*s has no linux line: no entry", TEXT_ARG(file->full));
		return GRUB_OK;
	}
	item = grub_menu_add(g);
	if (!item)
		return g->stop ? GRUB_OUT_OF_MEMORY : GRUB_OK;
	item->title = title.len ? title : kernel;
	item->id = file->id;
	item->script = text_first(file->content, 16 << 10);
	item->file = file->full;
	item->line = 1;
	item->body = (struct grub_text){
		.text = make_script(g, file), .file = file->full, .line = 1, .lasting = true};
	if (!grub_bls_set_users(g, item, grub_bls_value(file, "grub_users")))
		return GRUB_OUT_OF_MEMORY;
	return grub_bls_set_args(g, item, file);
}

/* GRUB chain-loads the image; what that boots is what it holds. */
static int make_uki(struct grub_bls *bls, const struct grub_bls_file *file)
{
	struct files *files = bls->g->files;
	struct sdboot sd = {.files = files, .bytes_left = files->limits->max_config};
	struct menu_entry *entry = arena_new(files->arena, struct menu_entry);
	struct text path = text_skip(file->full, text_find(file->full, ')') + 1);
	struct grub_item *item;
	int r;

	if (!entry)
		return grub_no_memory(bls->g);
	r = uki_fill(&sd, bls->volume, path, 0, entry);
	if (!r)
		r = uki_name(&sd, bls->volume, path, &entry->title);
	if (r == -ENOMEM)
		return grub_no_memory(bls->g);
	if (r || !entry->title.len) {
		grub_note(bls->g, "%.*s: no unified kernel image with a name: no entry",
			TEXT_ARG(file->full));
		return GRUB_OK;
	}
	entry->depth = 1;
	entry->loader = TEXT("uki");
	entry->config = file->full;
	item = grub_menu_add(bls->g);
	if (!item)
		return bls->g->stop ? GRUB_OUT_OF_MEMORY : GRUB_OK;
	item->title = entry->title;
	item->id = entry->id = file->id;
	item->foreign = entry;
	return GRUB_OK;
}

/* ---- which of them ------------------------------------------------------------------------- */

static bool is_default(const struct grub *g, const struct grub_bls_file *file, uint64_t position)
{
	struct text value = grub_var_get(g, "default");
	uint64_t number;

	if (!value.len)
		return false;
	if (text_equal(value, file->name) || text_equal(value, grub_bls_value(file, "title")))
		return true;
	return grub_whole_number(value, 0, &number) && number == position;
}

static int make_entries(struct grub_bls *bls, const struct grub_options *options)
{
	struct grub_bls_file *file = grub_bls_sort(bls->files, bls->kind);
	bool all = !options->set[OPTION_DEFAULT] && !options->set[OPTION_NON_DEFAULT] &&
		   !options->set[OPTION_ENTRY];
	int r = GRUB_OK;

	for (uint64_t i = 0; file && !r; file = file->next, i++) {
		bool standard = is_default(bls->g, file, i);
		bool named = options->set[OPTION_ENTRY] &&
			     text_equal(options->value[OPTION_ENTRY], file->name);

		if (!grub_step(bls->g, 4))
			return GRUB_OUT_OF_MEMORY;
		if (!all && !named && !options->set[standard ? OPTION_DEFAULT : OPTION_NON_DEFAULT])
			continue;
		r = bls->kind == BLS_UKI ? make_uki(bls, file) : make_entry(bls->g, file);
	}
	return r;
}

/* ---- where they lie ------------------------------------------------------------------------ */

/* Where GRUB itself was loaded from: the configuration's volume, or the disk's system partition. */
static const struct volume_info *find_esp(struct grub *g)
{
	const struct volume_info *volume;
	uint32_t index = 0;

	if (g->volume->esp)
		return g->volume;
	while ((volume = grub_device_at(g, &index))) {
		if (volume->esp && text_equal(volume->disk_name, g->volume->disk_name))
			return volume;
	}
	return g->volume;
}

static void set_usual_place(struct grub_bls *bls)
{
	bls->folder = bls->kind == BLS_UKI ? TEXT("/EFI/Linux") : TEXT("/loader/entries/");
	bls->volume = bls->kind == BLS_UKI ? find_esp(bls->g)
					   : grub_device_find(bls->g, grub_var_get(bls->g, "root"));
}

/* One file: its folder and its name. */
static int read_one(struct grub_bls *bls, struct text where)
{
	struct text path;
	size_t name;
	int r = grub_file_find(bls->g, where, &bls->volume, &path, NULL);

	if (r)
		return r;
	for (name = path.len; name && path.at[name - 1] != '/'; name--)
		;
	bls->folder = text_first(path, name);
	grub_bls_read_file(bls, text_skip(path, name));
	return GRUB_OK;
}

static int read_folder(struct grub_bls *bls, struct text where, bool fall_back)
{
	struct text device;

	set_usual_place(bls);
	if (where.len && where.at[0] == '(') {
		where = text_skip(where, 1);
		if (!text_cut(&where, ')', &device))
			return GRUB_BAD_ARGUMENT;
		bls->volume = grub_device_find(bls->g, device);
		bls->folder = grub_keep(bls->g, where);
	} else if (where.len && where.at[0] == '/') {
		bls->folder = grub_keep(bls->g, where);
	}
	if (!bls->volume)
		return GRUB_UNKNOWN_DEVICE;
	if (!bls->volume->readable)
		return GRUB_UNKNOWN_FS;
	if (grub_bls_read(bls) < 0 && !bls->g->stop)
		grub_note(bls->g, "no folder %.*s", TEXT_ARG(bls->folder));
	if (bls->files || !fall_back)
		return GRUB_OK;
	set_usual_place(bls);
	if (bls->volume && bls->volume->readable && grub_bls_read(bls) < 0 && !bls->g->stop)
		grub_note(bls->g, "no folder %.*s", TEXT_ARG(bls->folder));
	return GRUB_OK;
}

static int run(struct grub *g, const struct grub_call *call, enum grub_bls_kind kind)
{
	const struct text ending = kind == BLS_UKI ? TEXT(".efi") : TEXT(".conf");
	struct grub_options options = {.known = blsuki_options};
	struct grub_bls bls = {.g = g, .kind = kind};
	struct text where;
	int r = grub_options_parse(g, call, &options);

	if (r)
		return r;
	where = options.value[OPTION_PATH];
	if (text_ends(where, ending))
		r = read_one(&bls, where);
	else
		r = read_folder(&bls, where, options.set[OPTION_FALLBACK]);
	if (g->stop)
		return GRUB_OUT_OF_MEMORY;
	return r ? r : make_entries(&bls, &options);
}

int grub_blsuki_run(struct grub *g, const struct grub_call *call)
{
	return run(g, call, BLS_UPSTREAM);
}

/* Only GRUB for EFI has the command. */
int grub_cmd_uki(struct grub *g, const struct grub_call *call)
{
	if (text_is(g->files->settings->platform, "efi"))
		return run(g, call, BLS_UKI);
	grub_warn(g, "unknown command \"uki\"");
	return GRUB_OK;
}
